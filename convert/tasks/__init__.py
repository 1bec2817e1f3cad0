"""Independent tasks of a training: over processes, or over a Ray cluster; each result is kept at once."""
