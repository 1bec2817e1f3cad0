"""Instruction counts, which noise cannot change."""
