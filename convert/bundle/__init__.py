"""A run's models to a bundle on disk."""
