"""Calls, and reports of calls, for tests."""
