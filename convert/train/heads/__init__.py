"""Clips to the heads of a bundle whose trunk is the frozen encoder: windows, features, places, training, files."""
