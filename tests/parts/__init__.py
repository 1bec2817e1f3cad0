"""Fixtures and real parts that tests share."""
