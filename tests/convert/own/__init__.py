"""A user's own recordings to a bundle."""
