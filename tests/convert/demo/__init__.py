"""How the demo's sample is made."""
