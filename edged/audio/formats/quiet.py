"""Keeps libmpg123's messages about a damaged MP3 off stderr, which is the log; the fault comes as an exception.

with quiet(): open or read a file ──► nothing on stderr
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_STDERR = 2


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Redirects the process's stderr to /dev/null; does nothing if stderr is closed."""
    try:
        before = os.dup(_STDERR)
    except OSError:
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), _STDERR)
        yield
    finally:
        os.dup2(before, _STDERR)
        os.close(before)
