"""Test parts: fault injection, tracing, fuzzing."""
