"""Tests of edged.cli.main."""
