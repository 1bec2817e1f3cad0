"""Tests of convert.zoo."""
