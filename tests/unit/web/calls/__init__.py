"""Tests of edged.web.calls."""
