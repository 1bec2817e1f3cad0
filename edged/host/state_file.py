"""Small files that outlive the program and a power cut: always whole, the old content or the new.

    content ──write──► NAME.new ──fsync──rename──fsync of the folder──► NAME
    NAME ──read, at most 64 kB──► content

Without the first fsync a rename may reach the card before the content does, and leaves an empty file behind.
"""

import os
from pathlib import Path

from edged.host.disk_thread import DiskThread

_MAX_BYTES = 65_536  # far more than any state file of ours; a wrong path may name an hour of sound


def read_bounded(file: Path) -> bytes:
    """The first 64 kB of ``file``.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        return stream.read(_MAX_BYTES)


def write_durably(file: Path, content: bytes) -> None:
    """Replaces ``file`` and waits until the disk has it; makes its folder, readable by this user alone.

    Raises:
        OSError: the file is as before.
    """
    temporary = file.with_name(f"{file.name}.new")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class StateFile:
    """One file that the pipeline writes: changes run in a thread that is left behind when the disk hangs."""

    def __init__(self, path: Path, *, thread: str, deadline_s: float) -> None:
        self.path = path
        self._disk = DiskThread(thread, deadline_s)

    def read(self) -> bytes:
        """The content, read in the calling thread: for the start, when nothing waits.

        Raises:
            OSError: it cannot be read.
        """
        return read_bounded(self.path)

    def write(self, content: bytes) -> None:
        """Replaces the file.

        Raises:
            OSError: the disk refuses, or does not answer in time; a late write may still succeed.
        """
        self._disk.run(lambda: write_durably(self.path, content))

    def remove(self) -> None:
        """Deletes the file if it exists.

        Raises:
            OSError: as above.
        """
        self._disk.run(lambda: self.path.unlink(missing_ok=True))

    def save_damaged(self, content: bytes) -> Path:
        """Copies damaged ``content`` to ``NAME.damaged``, for whoever wants to look at it; the path of that copy.

        Raises:
            OSError: as above.
        """
        copy = self.path.with_name(f"{self.path.name}.damaged")
        self._disk.run(lambda: write_durably(copy, content))
        return copy
