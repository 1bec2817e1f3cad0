"""Long recordings: their windows, and what a bundle with a trunk makes of them."""
