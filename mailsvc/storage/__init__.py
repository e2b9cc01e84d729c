"""The only mail SQL and the only message files."""
