"""Parts for tests: system."""
