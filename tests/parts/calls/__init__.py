"""Reports of calls for tests."""
