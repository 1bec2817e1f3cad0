"""Makes stdin, stdout and stderr usable when they are closed, full, or of a narrow encoding.

    descriptors 0, 1, 2 ──prepare──► all open; stdout escapes what it cannot encode, and raises OutputError when it is
                                     full; stderr loses what it cannot take

A closed one is replaced by the null device.  Otherwise the next file that the program opens would get its number, and
messages for stderr would be written into it.
"""

import io
import os
import sys
from typing import Any

from edged.errors import OutputError


def prepare() -> None:
    """Make all three usable; streams that a caller has already replaced, such as a test, are left alone."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # opens as the lowest free number, which is this one
    if sys.stderr is None or sys.stderr is sys.__stderr__:
        # While PortAudio starts, descriptor 2 is redirected, forever if it hangs: messages need one of their own.
        encoding = sys.stderr.encoding if sys.stderr is not None else "utf-8"
        sys.stderr = _text(_Messages(os.dup(2), "w"), encoding, flush=True)
    if sys.stdout is None:
        sys.stdout = _text(_Output(1, "w", closefd=False), "utf-8", flush=False)
    elif (original := sys.__stdout__) is not None and sys.stdout is original:
        sys.stdout = _text(_Output(original.fileno(), "w", closefd=False), original.encoding, flush=original.isatty())


def abandon_stdout() -> None:
    """Point it at the null device: at exit the program flushes what is still in its buffers."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


class _Output(io.FileIO):
    """stdout, whose errors get a type of their own."""

    def write(self, content: Any, /) -> int:  # noqa: ANN401 -- any buffer
        """Write ``content``; raises ``OutputError`` instead of ``OSError``."""
        try:
            return super().write(content)
        except BrokenPipeError:  # the reader has gone, which is not an error
            raise
        except OSError as exc:
            raise OutputError(f"stdout: {exc.strerror or exc}, expected a writable file") from exc


class _Messages(io.FileIO):
    """stderr, which loses what it cannot take: a full disk below a log changes neither work nor exit status."""

    def write(self, content: Any, /) -> int:  # noqa: ANN401 -- any buffer
        """Write ``content`` if there is room for it."""
        try:
            return super().write(content)
        except OSError:
            return len(content)


def _text(raw: io.FileIO, encoding: str, *, flush: bool) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors="backslashreplace", line_buffering=flush)
