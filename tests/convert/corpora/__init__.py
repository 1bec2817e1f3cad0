"""The readers of corpora: layouts, indices and the corpora at hand."""
