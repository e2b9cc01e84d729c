"""Sans-IO: bytes to typed commands, and replies to bytes (RFC 3501, RFC 9051)."""
