"""The IMAP server: bytes in `wire`, deeds in `handlers`, sockets in `server`."""
