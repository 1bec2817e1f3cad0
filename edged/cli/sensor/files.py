"""Sound files to their turns, one after the other."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from edged.errors import RecordingError


def each_file(files: Sequence[Path], use: Callable[[Path], None]) -> int:
    """Uses every file; a bad one is reported and does not keep the others from their turn."""
    status = 0
    for file in files:
        try:
            use(file)
        except RecordingError as exc:
            print(f"edged: {exc}", file=sys.stderr)
            status = exc.exit_status
    return status
