"""Tests of what is measured of a bundle."""
