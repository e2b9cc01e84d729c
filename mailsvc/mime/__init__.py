"""RFC 5322 and MIME, pure: octets in, values out, and back."""
