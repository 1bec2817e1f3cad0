"""Bundles to plain results: what is measured, and against what."""
