"""The pages in a real browser: reports from a disk without a network, and `edged web`."""
