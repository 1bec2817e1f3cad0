"""The outbox's SQLite file: each event, whether it is acknowledged, and the next sequence number.

    Batch ──one transaction──► <state directory>/outbox.sqlite3 ──load──► Stored

A transaction is on the disk when ``commit`` returns (synchronous=FULL), as far as the card keeps its promises.  SQLite
writes the former pages to a rollback journal first, which is overwritten and not deleted (PERSIST): no file is created
or removed, and none is mapped into memory, where a full disk would be a SIGBUS.  One process writes and holds a lock on
a file beside it; others may read for a moment.  Ages count the seconds in which the outbox was open, so that a wrong
clock makes no event old.
"""

import contextlib
import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edged.outbox.message import Message
from edged.outbox.reader import DamagedError, Stored, connection, damage_detected, stored_in

FILE = "outbox.sqlite3"

_VERSION = 1
_TRIMMED = 20  # rows of history deleted at a time when the file is too large
_TABLES = """
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    put_s REAL NOT NULL,
    acknowledged INTEGER NOT NULL
);
CREATE INDEX event_acknowledged ON event (acknowledged, seq);
CREATE TABLE state (name TEXT PRIMARY KEY, value NOT NULL);
"""


class InUseError(Exception):
    """Another process uses the file."""


@dataclass(slots=True)
class Batch:
    """The content of one transaction."""

    horizon: int  # the greatest number in use once this is on disk
    open_s: float  # total time that the outbox has been open
    put: list[tuple[Message, float, bool]] = field(default_factory=list)  # message, put_s, whether acknowledged
    acknowledged: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)


class Database:
    """Open from construction to ``close``; ``limit`` rows, ``limit_mb`` megabytes and ``limit_s`` bound the history.

    Raises:
        DamagedError: the file is not an outbox, or incomplete.
        InUseError: another process uses it.
        OSError, sqlite3.Error: the disk failed.
    """

    def __init__(self, path: Path, *, limit: int, limit_mb: float, limit_s: float) -> None:
        self._path = path
        self._limit, self._limit_bytes, self._limit_s = limit, limit_mb * 1e6, limit_s
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.ExitStack() as opened:
            self._lock = opened.enter_context(_locked(path.with_suffix(".lock")))
            path.touch(mode=0o600)  # SQLite's own files beside it get the same mode
            self._db = opened.enter_context(contextlib.closing(connection(f"{path.as_uri()}?mode=rwc")))
            with damage_detected():
                self._prepare()
                self._n_rows: int = self._db.execute("SELECT count(*) FROM event").fetchone()[0]
            self._inode = path.stat().st_ino
            self._close = opened.pop_all().close

    def load(self) -> Stored:
        """Read the file; waiting rows that are no valid events would wait forever and are removed.

        Raises:
            DamagedError, OSError, sqlite3.Error: as the constructor.
        """
        with damage_detected():
            stored = stored_in(self._db)
            waiting = {seq for (seq,) in self._db.execute("SELECT seq FROM event WHERE acknowledged IS NOT 1")}
            unfit = waiting - {message.seq for message, _ in stored.events}
            with _transaction(self._db):
                self._delete(list(unfit))
        return stored._replace(n_unfit=len(unfit))

    def commit(self, batch: Batch) -> None:
        """Write the whole batch or nothing.

        Raises:
            DamagedError, OSError, sqlite3.Error: as the constructor.
        """
        try:
            same = self._path.stat().st_ino == self._inode
        except FileNotFoundError:
            same = False
        if not same:
            raise FileNotFoundError(errno.ENOENT, "the file was removed")
        with damage_detected(), _transaction(self._db):
            self._write(batch)
            self._trim(batch.open_s)

    def close(self) -> None:
        """Close the file; what was committed stays, even if closing fails."""
        with contextlib.suppress(sqlite3.Error):
            self._close()

    def _prepare(self) -> None:
        self._db.execute("PRAGMA mmap_size=0")  # a card that fails to read a mapped page is a SIGBUS
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")  # opens a file in WAL mode, of 0.1.0, without mapping it
        self._db.execute("PRAGMA journal_mode=PERSIST")
        self._db.execute("PRAGMA locking_mode=NORMAL")  # from the next read on
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(f"PRAGMA journal_size_limit={2**20}")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
            self._db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version={_VERSION}; COMMIT;")
            return
        if version != _VERSION:
            raise DamagedError(f"it has version {version}, expected {_VERSION}")
        found = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise DamagedError(str(found).replace("\n", " "))

    def _write(self, batch: Batch) -> None:
        rows = [(m.seq, m.topic, m.payload, put_s, int(known)) for m, put_s, known in batch.put]
        self._n_rows += len(rows)
        self._db.executemany("INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?, ?)", rows)
        acknowledged = ((seq,) for seq in batch.acknowledged)
        self._db.executemany("UPDATE event SET acknowledged = 1 WHERE seq = ?", acknowledged)
        self._delete(batch.removed)
        state = [("horizon", batch.horizon), ("open_s", batch.open_s)]
        self._db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", state)

    def _trim(self, open_s: float) -> None:
        """Delete the oldest history where the limits are exceeded; the outbox bounds what waits."""
        old = "SELECT seq FROM event WHERE acknowledged = 1 AND put_s < ? ORDER BY seq LIMIT 1000"
        self._delete([seq for (seq,) in self._db.execute(old, (open_s - self._limit_s,))])
        while self._n_rows > self._limit or self._n_used() > self._limit_bytes:
            oldest = "SELECT seq FROM event WHERE acknowledged = 1 ORDER BY seq LIMIT ?"
            n_over = self._n_rows - self._limit
            history = [seq for (seq,) in self._db.execute(oldest, (n_over if n_over > 0 else _TRIMMED,))]
            if not history:
                return
            self._delete(history)

    def _delete(self, seqs: list[int]) -> None:
        if seqs:
            cursor = self._db.executemany("DELETE FROM event WHERE seq = ?", ((seq,) for seq in seqs))
            self._n_rows -= cursor.rowcount

    def _n_used(self) -> int:
        """Used bytes of the file."""
        pages, free, size = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)


def set_aside(path: Path) -> Path:
    """Rename a damaged file, replacing an earlier one; returns its new path."""
    aside = path.with_name(f"{path.name}.damaged")
    for ending in ("", "-journal", "-wal", "-shm"):  # the last two from edged 0.1.0
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + ending).replace(aside.with_name(aside.name + ending))
    return aside


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        os.close(lock)
        raise InUseError(f"{path.name} is held by another edged") from exc
    try:
        yield lock
    finally:
        os.close(lock)


@contextlib.contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk has already rolled it back
            db.execute("ROLLBACK")
        raise
