"""Settings: read once, handed down."""
