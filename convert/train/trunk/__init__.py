"""Clips to the small bundle's trunk: one network for all models, trained to imitate the encoder."""
