"""Clips to trained and quantized networks."""
