"""Tests of bundle evaluation."""
