"""Tests of edged.features."""
