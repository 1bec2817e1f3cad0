"""Independent tasks over processes and machines."""
