"""Parts for tests: broker."""
