"""Bundles of other labels than the six, through a real broker."""
