"""A thousand devices on one broker."""
