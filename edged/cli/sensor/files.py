"""Runs a command on several sound files, one after the other."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from edged.errors import RecordingError


def each_file(files: Sequence[Path], use: Callable[[Path], None]) -> int:
    """Call ``use`` with each file; one that cannot be used is reported, and the next one follows."""
    status = 0
    for file in files:
        try:
            use(file)
        except RecordingError as exc:
            print(f"edged: {exc}", file=sys.stderr)
            status = exc.exit_status
    return status
