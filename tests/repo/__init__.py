"""The repository itself: imports, documents, log lines, CI."""
