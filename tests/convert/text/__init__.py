"""Tests of convert.text."""
