"""Calls scored live, against a real broker."""
