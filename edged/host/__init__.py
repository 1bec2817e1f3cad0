"""The machine: systemd, identity, metrics, folders, state files, backoff."""
