"""Events to disk and back, in batches, with recovery from failures; only its thread waits for the disk.

    put, acknowledged, removed ──► changes ──each commit_s──► Database ──► horizon: what may be published
                                                     └──fails──► memory only, one log line, retried each retry_s

An SD card may take seconds for one write, and neither the pipeline nor paho may wait for it, hence the thread.
``horizon`` is the greatest sequence number that may be published.  With ``commit_s`` 0 it is the last number on disk.
Otherwise numbers are reserved on disk before they are used, so a power cut never makes one be used twice.

An event that is acknowledged before its batch is written goes to disk once, as history, with a later deadline.  While
the disk fails, everything may be published.
"""

import logging
import math
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from edged.errors import counted
from edged.outbox.database import Database, InUseError, set_aside
from edged.outbox.ledger import Ledger, fresh_seq
from edged.outbox.message import Message
from edged.outbox.reader import DamagedError, Stored, still_readable

_RESERVED = 1000  # sequence numbers
_LAZY_S = 30.0  # for history and acknowledgements; a lost acknowledgement only sends an event again
_HANGS_S = 10.0  # a write that takes longer is reported as hanging
_CLOSE_S = 1.0  # for the last batch; a hanging disk must not delay the exit

_log = logging.getLogger(__name__)


class Journal:
    """Stores the outbox's events on disk; ``open`` and ``close`` are called once, and no method waits for the disk.

    ``path`` is the file; ``limit`` rows, ``limit_mb`` megabytes and ``limit_s`` seconds bound it, history included.
    """

    def __init__(  # noqa: PLR0913 -- limits and times, passed by name
        self,
        path: Path,
        *,
        limit: int = 1000,
        limit_mb: float = math.inf,
        limit_s: float = math.inf,
        commit_s: float = 0.0,
        retry_s: float = 60.0,
        utc: Callable[[], float] = time.time,
    ) -> None:
        self._path = path.absolute()
        self._limit, self._limit_mb, self._limit_s = limit, limit_mb, limit_s
        self._commit_s, self._retry_s, self._utc = commit_s, retry_s, utc
        self._database: Database | None = None  # None: memory only
        self._opened_s = -math.inf  # monotonic: when opening was last tried
        self._on_change: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, name="edged-journal", daemon=True)
        self._wake = threading.Condition()  # guards all below; never held during disk access
        self._ledger = Ledger(_RESERVED if commit_s else 0)
        self._closing = self._flushing = self._said_hangs = False
        self._due_s = math.inf  # monotonic: when to write, or to try the disk again
        self._changed_s = math.inf  # monotonic: time of the first unwritten change
        self._busy_s = math.inf  # monotonic: when the thread started to wait for the disk
        self.fault = ""  # why events are in memory only
        self.set_aside = ""  # new name of a damaged file

    @property
    def horizon(self) -> float:
        """The greatest sequence number that may be published."""
        return self._ledger.horizon

    @property
    def trouble(self) -> str:
        """Why events may not survive the process; empty if they do."""
        return self.fault or ("the disk does not answer" if self._hangs else "")

    @property
    def _hangs(self) -> bool:
        return time.monotonic() - self._busy_s > _HANGS_S

    def open(self, on_change: Callable[[], None]) -> None:
        """Read the file and start to write; the thread calls ``on_change`` when more may be sent."""
        self._on_change = on_change
        self._opened()
        self._thread.start()

    def flush(self) -> None:
        """Write unwritten changes now instead of at their deadline, history and acknowledgements too."""
        with self._wake:
            if self._ledger.changed:
                self._flushing = True
                self._change(0.0)

    def close(self) -> None:
        """Write the rest, waiting at most a second for it."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(_CLOSE_S)
        if self._thread.is_alive():
            _log.warning(
                "outbox: the disk did not answer in time, not stored: %s", counted(self._ledger.n_unwritten, "event")
            )

    def next_seq(self) -> int:
        """The sequence number for the next event, greater than any before."""
        with self._wake:
            return self._ledger.next_seq()

    def found(self) -> list[Message]:
        """Unacknowledged events from before this process; each is returned once."""
        with self._wake:
            found, self._ledger.found = self._ledger.found, []
        return found

    def put(self, message: Message) -> None:
        """Store an event."""
        if self._hangs and not self._said_hangs:
            self._said_hangs = True
            _log.warning("outbox: %s: the disk does not answer; events are in memory", self._path)
        with self._wake:
            self._ledger.put(message)
            self._change(0.0 if self._ledger.is_short else self._commit_s)

    def acknowledged(self, seq: int) -> None:
        """Store that the broker has the event."""
        with self._wake:
            self._ledger.acknowledged(seq)
            self._change(_LAZY_S)

    def removed(self, seq: int) -> None:
        """Delete an event that was dropped for lack of room."""
        with self._wake:
            self._ledger.removed(seq)
            self._change(_LAZY_S)

    def _change(self, within_s: float) -> None:
        now_s = time.monotonic()
        self._changed_s = min(self._changed_s, now_s)
        if self._database is not None and now_s + within_s < self._due_s:
            self._due_s = now_s + within_s
            self._wake.notify()

    def _run(self) -> None:
        while True:
            closing = self._wait()
            self._busy_s = time.monotonic()
            if self._database is not None or self._opened():
                self._write(last=closing)
            self._busy_s = math.inf
            if self._said_hangs:
                self._said_hangs = False
                _log.info("outbox: %s: the disk answers again", self._path)
            self._on_change()
            if closing:
                break
        if self._database is not None:
            self._database.close()

    def _wait(self) -> bool:
        """Wait until there is something to do; True if it is the last time."""
        with self._wake:
            while not self._closing:
                is_lazy = self._ledger.only_history and not self._flushing
                if self._database is not None and is_lazy and self._changed_s < math.inf:
                    self._due_s = self._changed_s + max(_LAZY_S, self._commit_s)
                left_s = self._due_s - time.monotonic()
                if left_s <= 0:
                    break
                self._wake.wait(min(left_s, threading.TIMEOUT_MAX))
            return self._closing

    def _write(self, *, last: bool) -> None:
        """Write all changes in one transaction."""
        assert self._database is not None  # noqa: S101 -- only this thread opens and closes it
        with self._wake:
            batch, self._flushing = self._ledger.batch(last=last), False
            self._due_s = self._changed_s = math.inf
        try:
            self._database.commit(batch)
        except Exception as exc:  # noqa: BLE001 -- whatever it is, a dead thread would be worse
            self._database.close()
            if isinstance(exc, DamagedError):
                self._put_aside(exc)
            self._give_up(exc)
            return
        with self._wake:
            self._ledger.written(batch)
            if self._ledger.changed:
                self._change(_LAZY_S if self._ledger.only_history else self._commit_s)

    def _opened(self) -> bool:
        """Open the file, replacing a damaged one; whether it is open now."""
        self._opened_s = time.monotonic()
        saved = None
        try:
            try:
                database, stored = self._new_database()
            except DamagedError as exc:
                saved = still_readable(self._path)
                self._put_aside(exc)
                database, stored = self._new_database()
        except (DamagedError, InUseError, OSError, sqlite3.Error) as exc:
            if not self.fault and not isinstance(exc, InUseError):
                with self._wake:  # without a writable disk, at least send what it holds
                    self._ledger.disk_read(saved or still_readable(self._path))
            self._give_up(exc)
            return False
        if stored.n_unfit:
            _log.warning("outbox: %s: removed %s without a valid event", self._path, counted(stored.n_unfit, "row"))
        if self.fault:
            _log.info("outbox: %s: on disk again", self._path)
        with self._wake:
            self._database, self.fault = database, ""
            if saved is not None:
                self._ledger.disk_read(saved)
            self._ledger.disk_found(stored, fresh_seq(self._utc()))
            self._due_s = time.monotonic()
        return True

    def _new_database(self) -> tuple[Database, Stored]:
        database = Database(self._path, limit=self._limit, limit_mb=self._limit_mb, limit_s=self._limit_s)
        try:
            return database, database.load()
        except BaseException:
            database.close()
            raise

    def _give_up(self, exc: Exception) -> None:
        """Continue in memory; a damaged or missing file is replaced at once unless it has just been created."""
        fault = str(getattr(exc, "strerror", None) or exc)
        if fault != self.fault and not isinstance(exc, DamagedError):  # already logged
            _log.warning("outbox: %s: %s; events are in memory only", self._path, fault)
        now_s = time.monotonic()
        replaceable = isinstance(exc, DamagedError | FileNotFoundError) and now_s - self._opened_s > self._retry_s
        with self._wake:
            self._database, self.fault = None, fault
            self._ledger.disk_lost(fresh_seq(self._utc()))
            self._due_s = now_s + (0.0 if replaceable else self._retry_s)

    def _put_aside(self, fault: DamagedError) -> None:
        try:
            aside = set_aside(self._path)
        except OSError as exc:
            _log.warning("outbox: %s is damaged (%s) and cannot be renamed: %s", self._path, fault, exc.strerror)
        else:
            self.set_aside = aside.name
            _log.warning("outbox: %s is damaged (%s), renamed to %s", self._path, fault, aside.name)
