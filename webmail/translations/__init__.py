"""Tables of words, one a language, with the same keys."""
