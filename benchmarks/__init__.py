"""Measurements of speed and size against peers, and the page of them: ``make bench``."""
