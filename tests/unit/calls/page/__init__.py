"""Tests of edged.calls.page."""
