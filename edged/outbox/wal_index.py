"""The shared memory of an SQLite file in WAL mode, with room on the disk for every byte of it.

    outbox.sqlite3 ──WalIndex──► outbox.sqlite3-shm without holes ──SQLite maps it──► where in the WAL each page is

What is written through a mapping into a hole of a full disk is a SIGBUS, and ends the process.  SQLite makes this file
with one byte in every 4 KiB, which leaves holes between smaller blocks, and writes into the mapping at once.  So the
file is made here before; one that is long enough SQLite takes as it is.

Whoever uses it first empties it, because what was left there is older than the WAL.  SQLite knows the first one by a
lock on one byte (os_unix.c, ``UNIX_SHM_DMS``); the same is done here.  Ours belongs to the open file and so counts
within this process too: SQLite finds that it is not the first.  Closing the file would also end SQLite's own locks on
it, which belong to the process, so this is open for longer than the connection.
"""

import contextlib
import errno
import fcntl
import mmap
import os
import struct
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_REGION = max(32_768, mmap.PAGESIZE)  # bytes by which SQLite makes it longer
_REGION_FRAMES = 4096  # that one region tells of; the first has a header …
_HEADER_FRAMES = 34  # … in place of these
_PAGE = 4096  # bytes of the file and of a frame, SQLite's default
_FIRST_LOCK = 128  # the byte by which the first one is known
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_MADE_S, _AGAIN_S = 1.0, 0.01  # the longest that another process may take to make it, and from look to look


class WalIndex:
    """That of the file ``path``; entered before a connection is opened, left after it is closed.

    Where it may not be written to, nothing is done: SQLite only reads it then.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._shm = path.with_name(f"{path.name}-shm")
        self._wal = path.with_name(f"{path.name}-wal")
        self._file: int | None = None
        self._allocated = 0  # bytes

    def __enter__(self) -> Self:
        """Makes it, and makes room for what is there.

        Raises:
            OSError: the disk is full, or another process does not come to an end with making it.
        """
        owner = self._path.stat()
        try:
            file = os.open(self._shm, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            if exc.errno in _READ_ONLY:
                return self
            raise
        self._file = file
        try:
            if os.geteuid() == 0:
                os.fchown(file, owner.st_uid, owner.st_gid)  # or its owner could not open it any more
            first = _is_first(file)
            if first:
                os.ftruncate(file, 0)
            try:
                self.make_room()
            except OSError:
                if first:  # what there was of room is of use to others
                    os.ftruncate(file, 0)
                raise
            _lock(file, fcntl.F_RDLCK)
        except BaseException:
            os.close(file)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Lets go of it."""
        if self._file is not None:
            os.close(self._file)

    def make_room(self, n_bytes: int = 0) -> None:
        """For a transaction that makes the database ``n_bytes`` larger, at most.

        Raises:
            OSError: the disk is full.
        """
        if self._file is None:
            return
        # It writes each page once, at most; those that are only in the WAL are pages too.
        wal = _size(self._wal)
        n_frames = (_size(self._path) + 2 * wal + n_bytes) // _PAGE
        needed = _REGION * (1 + (n_frames + _HEADER_FRAMES) // _REGION_FRAMES)
        if needed > self._allocated:
            os.posix_fallocate(self._file, 0, needed)
            self._allocated = needed


def _is_first(file: int) -> bool:
    """Whether nobody else uses it; locked so that others can use it too, or, by the first one, not yet."""
    deadline_s = time.monotonic() + _MADE_S
    while True:
        for kind in (fcntl.F_WRLCK, fcntl.F_RDLCK):
            try:
                _lock(file, kind)
            except BlockingIOError:
                if time.monotonic() > deadline_s:
                    raise
            else:
                return kind == fcntl.F_WRLCK
        time.sleep(_AGAIN_S)


def _lock(file: int, kind: int) -> None:
    """A lock of the open file: ``struct flock`` of the platform, with a pid of 0."""
    fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi0q", kind, os.SEEK_SET, _FIRST_LOCK, 1, 0))


def _size(file: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return file.stat().st_size
    return 0
