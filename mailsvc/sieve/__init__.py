"""Sieve (RFC 5228): scripts that file letters. Pure: a script and a letter in, actions out; services carry them out."""
