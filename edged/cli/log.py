"""The log on stderr: one line per change of state."""

import logging
import sys


def log_to_stderr(level: str) -> None:
    """Log messages of ``level`` and above to stderr."""
    logging.basicConfig(
        stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)-7s %(message)s", force=True
    )
