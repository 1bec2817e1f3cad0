"""Tests of edged.demo."""
