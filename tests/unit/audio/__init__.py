"""Tests of edged.audio."""
