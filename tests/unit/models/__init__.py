"""Tests of edged.models."""
