"""Test parts: sound sources and microphones."""
