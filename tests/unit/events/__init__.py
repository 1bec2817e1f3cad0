"""Tests of edged.events."""
