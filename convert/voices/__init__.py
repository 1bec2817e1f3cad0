"""The voice encoder: a published package to the weights that tell two voices of a call apart, and their error."""
