"""Heads trained anew on a finished trunk: with several seeds, and fold by fold."""
