"""CardDAV (RFC 6352): the directory as a read-only address book, so that phones and Thunderbird complete addresses.

It knows no cookie: Basic authentication (RFC 7617) with a password or an app password, as mail clients do.
"""
