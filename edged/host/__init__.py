"""This machine: systemd, identity, metrics, folders, backoff."""
