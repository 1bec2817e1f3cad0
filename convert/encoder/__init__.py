"""A pretrained speech encoder to features: weights from its package, the network, its input, what is kept of clips."""
