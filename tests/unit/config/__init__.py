"""Tests of edged.config."""
