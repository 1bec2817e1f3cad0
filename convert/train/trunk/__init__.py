"""Clips to the small bundle's trunk: one network for all models, taught by the encoder, adapted at its features."""
