"""Where events leave for the broker."""
