"""Tests with a real mosquitto."""
