"""Webmail: pages over the services; it never touches a table or a file of mail."""
