"""Other packages that do a part of the same work."""
