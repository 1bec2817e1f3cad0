"""Parts for tests: models."""
