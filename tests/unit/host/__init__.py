"""Tests of edged.host."""
