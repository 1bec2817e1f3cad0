"""Unit tests, one file per module, without broker, sound server or corpora."""
