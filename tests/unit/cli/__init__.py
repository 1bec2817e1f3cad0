"""Tests of edged.cli."""
