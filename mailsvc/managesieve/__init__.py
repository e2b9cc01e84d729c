"""ManageSieve (RFC 5804): a person keeps the rules of their boxes from a mail program."""
