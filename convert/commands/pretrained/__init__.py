"""Commands for weights that others trained: the speech encoder, and the encoder of voices."""
