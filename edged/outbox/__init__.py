"""Events that no broker has acknowledged yet, in SQLite."""
