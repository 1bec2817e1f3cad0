"""Tests of convert.voices."""
