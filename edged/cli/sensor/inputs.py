"""The sound files that a command names, standard input among them.

    FILE… ──"-": stdin──► file in memory ──► Input(path, name) ──► one after the other

A whole file is read from standard input, since libsndfile must seek.  It stays in memory (memfd_create(2)): speech is
never written to a disk.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from edged.cli.log import print_error
from edged.errors import RecordingError, UsageError

STDIN = Path("-")
_NAME = "stdin"
_MAX_BYTES = 512 * 2**20  # an hour of CD sound has 635 MB; a Raspberry Pi has little more memory
_BLOCK_BYTES = 2**20


class Input(NamedTuple):
    """A sound file."""

    path: Path
    name: str | None = None  # for messages and payloads, if the path says nothing


@contextmanager
def inputs(files: Sequence[Path]) -> Iterator[list[Input]]:
    """The files, with standard input in place of ``-``.

    Raises:
        UsageError: standard input is a terminal, is closed, or is asked for twice.
        RecordingError: standard input is too large or cannot be read.
    """
    if STDIN not in files:
        yield [Input(file) for file in files]
        return
    if files.count(STDIN) > 1:
        raise UsageError("- is given twice, expected it once: there is one standard input")
    if sys.stdin is None:
        raise UsageError("stdin is closed, expected a sound file: - < call.wav")
    number = os.memfd_create("edged-stdin")
    try:
        _copy_stdin(number)
        in_memory = Input(Path(f"/proc/self/fd/{number}"), _NAME)
        yield [in_memory if file == STDIN else Input(file) for file in files]
    finally:
        os.close(number)


def each(inputs: Sequence[Input], use: Callable[[Input], None]) -> int:
    """Call ``use`` with each input; one that cannot be used is reported, and the next one follows."""
    status = 0
    for one in inputs:
        try:
            use(one)
        except RecordingError as exc:
            print_error(f"edged: {exc}")
            status = exc.exit_status
    return status


def _copy_stdin(number: int) -> None:
    if os.isatty(0):
        raise UsageError("stdin is a terminal, expected a sound file: - < call.wav")
    n_bytes = 0
    try:
        while block := sys.stdin.buffer.read(_BLOCK_BYTES):
            n_bytes += len(block)
            if n_bytes > _MAX_BYTES:
                raise RecordingError(f"stdin: larger than {_MAX_BYTES} bytes, expected a shorter recording or a file")
            with memoryview(block) as view:
                _write_all(number, view)
    except OSError as exc:
        raise RecordingError(f"stdin: {exc.strerror or exc}, expected a sound file") from exc


def _write_all(number: int, view: memoryview) -> None:
    while len(view):
        view = view[os.write(number, view) :]
