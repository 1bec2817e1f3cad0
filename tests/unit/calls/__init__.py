"""Tests of edged.calls."""
