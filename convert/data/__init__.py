"""Clips and their log-mel: what is trained on, chosen by and tested on."""
