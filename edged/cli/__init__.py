"""The command line: one file a command, the terminal, exit codes."""
