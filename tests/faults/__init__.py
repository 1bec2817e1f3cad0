"""Disks, brokers, microphones and inputs that fail for real."""
