"""Tests of edged.pipeline."""
