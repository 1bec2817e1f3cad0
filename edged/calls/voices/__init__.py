"""Who speaks when in a mono call: turns from a file, or two voices by their sound."""
