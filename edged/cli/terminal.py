"""stdin, stdout and stderr as they were given, to what can be written to: closed, full, or of few letters.

    files 0, 1, 2 ──prepare──► each is open; what stdout cannot spell is escaped; where it takes no more: OutputError

A file that is closed leads nowhere from then on: otherwise the next one that is opened would get its number, and a line
for stderr would end in it.
"""

import io
import os
import sys
from typing import Any

from edged.errors import OutputError


def prepare() -> None:
    """Make all three usable, whatever they are; what stands in for them already, as in a test, is left alone."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
    if sys.stderr is None or sys.stderr is sys.__stderr__:
        # PortAudio's start turns file 2 away, for good where it hangs: what there is to say needs a way of its own.
        sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")
    if sys.stdout is None:
        sys.stdout = _text(_Output(1, "w", closefd=False), "utf-8", at_once=False)
    elif (own := sys.__stdout__) is not None and sys.stdout is own:
        sys.stdout = _text(_Output(own.fileno(), "w", closefd=False), own.encoding, at_once=own.isatty())


def abandon_stdout() -> None:
    """Let it lead nowhere: what its buffers still have is written once more at the end of the program."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


class _Output(io.FileIO):
    """A file whose faults are told from those of all others."""

    def write(self, content: Any, /) -> int:  # noqa: ANN401 -- bytes, or what is like them
        """As ever, but for its faults."""
        try:
            return super().write(content)
        except BrokenPipeError:  # whoever read it went away, which is no fault
            raise
        except OSError as exc:
            raise OutputError(f"stdout: {exc.strerror or exc}, expected a file that takes what is printed") from exc


def _text(raw: io.FileIO, encoding: str, *, at_once: bool) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors="backslashreplace", line_buffering=at_once)
