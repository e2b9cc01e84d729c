"""SMTP, submission and LMTP: in from the world, out to the world."""
