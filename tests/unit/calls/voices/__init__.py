"""Tests of edged.calls.voices."""
