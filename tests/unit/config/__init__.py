"""Tests of edged.config.load."""
