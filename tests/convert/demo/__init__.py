"""Tests of how the demo's sample is made."""
