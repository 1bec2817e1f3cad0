"""Tests of ``benchmarks``: how it compares and what it writes, never how fast something is."""
