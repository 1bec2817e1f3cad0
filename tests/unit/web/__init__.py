"""Tests of edged.web."""
