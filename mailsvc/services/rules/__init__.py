"""Rules for letters: kept, checked and carried out at delivery (Sieve, RFC 5228)."""
