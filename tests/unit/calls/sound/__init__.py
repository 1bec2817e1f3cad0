"""Tests of edged.calls.sound."""
