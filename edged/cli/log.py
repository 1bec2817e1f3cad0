"""The log: one line per change of state on stderr."""

import logging
import sys


def log_to_stderr(level: str) -> None:
    """Log on stderr what is at least as grave as ``level``."""
    logging.basicConfig(
        stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)-7s %(message)s", force=True
    )
