"""The page of statistics for administrators: figures, bars and places, drawn by the server without scripts."""
