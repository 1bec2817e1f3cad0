"""Clips to other clips: louder, noisier, in other rooms."""
