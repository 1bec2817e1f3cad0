"""Parts for tests: sound."""
