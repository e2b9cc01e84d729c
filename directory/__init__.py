"""Who exists: places, units, people, posts, boxes and their addresses (design §6)."""
