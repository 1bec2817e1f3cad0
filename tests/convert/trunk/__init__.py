"""The trunk of the small bundle: its start, its batches, its teacher's targets, its epochs and its file."""
