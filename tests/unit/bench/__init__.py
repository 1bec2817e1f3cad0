"""Tests of edged.bench."""
