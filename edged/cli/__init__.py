"""The command line: one file per command, terminal, log and exit status."""
