"""Bộ lọc: programs and lists beside us that judge letters; each is optional and off by default."""
