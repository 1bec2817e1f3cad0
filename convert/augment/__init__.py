"""Clips to augmented clips: other voices, noises, rooms and microphones."""
