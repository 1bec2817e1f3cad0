"""The command line of convert."""
