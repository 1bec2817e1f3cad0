"""Parts for tests: faults."""
