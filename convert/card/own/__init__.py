"""The card of a bundle that a user made of their own recordings."""
