"""Scores of windows to steady episodes, and these to payloads."""
