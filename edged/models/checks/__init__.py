"""What a manifest must be, beyond the types of its fields; each fault is a ModelError with file and key."""
