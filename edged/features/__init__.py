"""Samples to log-mel images, for training and device alike."""
