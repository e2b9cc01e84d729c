"""Text in, document ids out; knows nothing of mail (design, section 5)."""
