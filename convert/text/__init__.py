"""Sentences to the text branch: a linear model for the hub, and a fine-tuned BERT beside it."""
