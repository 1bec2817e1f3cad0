"""Voice, words and faces to the mood of a place, beside the broker; the daemon imports nothing of it."""
