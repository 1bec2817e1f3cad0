"""Tests of convert.encoder."""
