"""Heads that are trained again on a finished trunk: by seed, and fold by fold."""
