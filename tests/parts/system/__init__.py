"""Test parts: processes, containers, Home Assistant."""
