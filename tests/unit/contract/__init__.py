"""Tests of edged.contract."""
