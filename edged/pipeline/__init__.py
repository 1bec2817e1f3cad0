"""The stages in order, from a source of sound to a sink of payloads."""
