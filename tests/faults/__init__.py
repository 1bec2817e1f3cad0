"""Disks, brokers, microphones and inputs that really fail."""
