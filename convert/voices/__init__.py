"""The voice encoder: a published package to the weights that separate two voices of a call, and their error."""
