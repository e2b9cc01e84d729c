"""Sans-IO words of SMTP (RFC 5321) and LMTP (RFC 2033): bytes and typed values, no sockets, no clock."""
