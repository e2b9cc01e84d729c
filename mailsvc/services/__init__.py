"""Use cases shared by SMTP, IMAP, webmail and the command line. Plain functions; each checks what its caller may do."""
