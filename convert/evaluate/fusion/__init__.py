"""Voice and words together: trials that say what fusion gains, and what it loses where words mean nothing."""
