"""A clip's sound to arrays, one kind of features a file; ``store`` computes each once."""
