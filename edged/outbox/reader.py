"""Reads the outbox's SQLite file: waiting events, the next sequence number, and the history.

    <state directory>/outbox.sqlite3 ──► Stored; history: payload, acknowledged or not

Rows are validated like any input.  A file that cannot be opened for writing, because it is damaged or the disk is
read-only, may still be readable in part, and saving an event is worth the attempt.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from edged.contract.payloads import PAYLOADS
from edged.contract.topics import EVENT_CALL, EVENT_END, EVENT_START
from edged.decoding import MALFORMED
from edged.outbox.message import Message

MAX_SEQ = 2**53 - 1  # the greatest integer that every JSON reader represents exactly

_BUSY_S = 5.0  # the longest that another process may hold the file
_EVENTS = {topic.name: topic for topic in (EVENT_START, EVENT_END, EVENT_CALL)}
_DAMAGE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_ERROR,  # no such table
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_FORMAT,
}


class DamagedError(Exception):
    """The file is not an outbox, or incomplete."""


class NoTablesError(DamagedError):
    """The file has no tables yet: the disk was full when it was made, or it is being made."""


class Stored(NamedTuple):
    """Content of a file: the unacknowledged events in order, each with the time at which it was put."""

    events: list[tuple[Message, float]]
    horizon: int  # the greatest sequence number that may be in use
    open_s: float  # total time that the outbox has been open
    n_unfit: int = 0  # waiting rows that were no valid events


def still_readable(path: Path) -> Stored:
    """What can be read of a file that cannot be opened for writing: damaged, or on a read-only disk."""
    events: list[tuple[Message, float]] = []
    stored = Stored(events, 0, 0.0)
    for mode in ("mode=ro", "mode=ro&immutable=1"):  # the second ignores a journal beside the file
        with contextlib.suppress(DamagedError, OSError, sqlite3.Error), damage_detected(), _reading(path, mode) as db:
            state = _state(db)
            stored = Stored(events, int(state.get("horizon", 0)), state.get("open_s", 0.0))
            events.extend(_events(db))  # keeps the rows before an error
        if events or stored.horizon:
            break
    return stored


def history(path: Path) -> Iterator[tuple[bytes, bool]]:
    """All stored payloads in order, each with whether it is acknowledged; the file may be in use.

    Raises:
        NoTablesError: nothing was ever stored in it.
        DamagedError, OSError, sqlite3.Error: it cannot be read.
    """
    path.stat()
    # All at once: the daemon cannot write meanwhile.  After a power cut SQLite rolls back what was unfinished, for
    # which it has to write; without permission to write it only reads.
    with _reading(path, "mode=rw") as db, damage_detected():
        if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise NoTablesError("it has no tables")
        rows = db.execute("SELECT payload, acknowledged FROM event ORDER BY seq").fetchall()
    for payload, acknowledged in rows:
        if isinstance(payload, bytes):
            yield payload, bool(acknowledged)


@contextlib.contextmanager
def _reading(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connection(f"{path.as_uri()}?{mode}")) as db:
        yield db


def connection(uri: str) -> sqlite3.Connection:
    """A connection that any thread may use; the caller must not use it from two at once."""
    db = sqlite3.connect(uri, timeout=_BUSY_S, isolation_level=None, check_same_thread=False, uri=True)
    db.text_factory = _text
    return db


def _text(content: bytes) -> str:
    return content.decode(errors="replace")


@contextlib.contextmanager
def damage_detected() -> Iterator[None]:
    """Raise ``DamagedError`` for a damaged file, as opposed to a failing disk."""
    try:
        yield
    except sqlite3.Error as exc:
        # Without a code the error is Python's: a value of a type that we never write.
        code = getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in _DAMAGE:
            raise DamagedError(str(exc)) from exc
        raise
    except (UnicodeDecodeError, MemoryError) as exc:  # a name in SQLite's message, or a length, is nonsense
        raise DamagedError("it holds nonsense") from exc


def stored_in(db: sqlite3.Connection) -> Stored:
    """Content of the file."""
    state = _state(db)
    last = db.execute("SELECT max(seq) FROM event").fetchone()[0] or 0
    return Stored(list(_events(db)), max(int(state.get("horizon", 0)), min(last, MAX_SEQ)), state.get("open_s", 0.0))


def _state(db: sqlite3.Connection) -> dict[str, Any]:
    rows = db.execute("SELECT name, value FROM state").fetchall()
    return {name: value for name, value in rows if isinstance(value, int | float) and 0 <= value <= MAX_SEQ}


def _events(db: sqlite3.Connection) -> Iterator[tuple[Message, float]]:
    query = "SELECT seq, topic, payload, put_s FROM event WHERE acknowledged IS NOT 1 ORDER BY seq"
    for seq, name, payload, put_s in db.execute(query):
        topic = _EVENTS.get(name)
        if topic is None or not isinstance(payload, bytes) or not isinstance(put_s, float):
            continue
        with contextlib.suppress(*MALFORMED):
            event = msgspec.json.decode(payload, type=PAYLOADS[name])
            if getattr(event, "seq", None) == seq:
                yield Message(topic.name, payload, topic.qos, topic.kind, seq, late=True), put_s
