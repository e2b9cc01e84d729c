"""What the demo's letters say: templates with places for numbers and days, and nothing that acts.

No text here holds the number five by itself, nor a storm number five: `da ron bao so 5` must find the walk's own letter.
"""
