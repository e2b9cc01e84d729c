"""The mail service: storage, SMTP, IMAP, the queue and the command line."""
