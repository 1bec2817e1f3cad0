"""Test parts: bundles and corpora on disk."""
