"""Measurements of one device, the rows of the table of goals."""
