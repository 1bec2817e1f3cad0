"""Tests of `edged hub` without a broker."""
