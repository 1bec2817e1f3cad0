"""The outbox's SQLite file, read: what still waits, where the numbers go on, and the history.

    <state directory>/outbox.sqlite3 ──► Stored; history: payload, acknowledged or not

Rows are judged like any input: what does not fit is not an event.  A file that cannot be opened to write, since it is
damaged or the disk is read-only, may still be readable in part, and an event is worth the attempt.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from edged.contract.payloads import PAYLOADS
from edged.contract.topics import EVENT_END, EVENT_START
from edged.outbox.message import Message

MAX_SEQ = 2**53 - 1  # the greatest whole number that every reader of JSON keeps exactly

_BUSY_S = 5.0  # the longest that another process may hold the file
_EVENTS = {topic.name: topic for topic in (EVENT_START, EVENT_END)}
_DAMAGE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_ERROR,  # no such table
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_FORMAT,
}


class DamagedError(Exception):
    """The file is no outbox, or not a whole one."""


class Stored(NamedTuple):
    """What a file holds: the unacknowledged events with the second at which each was put, in order."""

    events: list[tuple[Message, float]]
    horizon: int  # the greatest number that may have been given away
    open_s: float  # how long the outbox has been open in all its life
    n_unfit: int = 0  # rows that waited and were no events


def still_readable(path: Path) -> Stored:
    """What of a file can be read that cannot be opened to write: damaged, or on a disk that is read-only."""
    events: list[tuple[Message, float]] = []
    stored = Stored(events, 0, 0.0)
    for mode in ("mode=ro", "mode=ro&immutable=1"):  # the first needs files beside it, the second does not see them
        with contextlib.suppress(DamagedError, OSError, sqlite3.Error), damage_detected(), _reading(path, mode) as db:
            state = _state(db)
            stored = Stored(events, int(state.get("horizon", 0)), state.get("open_s", 0.0))
            events.extend(_events(db))  # keeps what came before a fault
        if events or stored.horizon:
            break
    return stored


def history(path: Path) -> Iterator[tuple[bytes, bool]]:
    """Every payload that is kept, in order, and whether the broker has acknowledged it; the file may be in use.

    Raises:
        DamagedError, OSError, sqlite3.Error: it cannot be read.
    """
    path.stat()
    # All at once: the daemon cannot write meanwhile.  After a power cut SQLite rolls back what was unfinished, for
    # which it has to write; without permission to write it only reads.
    with _reading(path, "mode=rw") as db, damage_detected():
        rows = db.execute("SELECT payload, acknowledged FROM event ORDER BY seq").fetchall()
    for payload, acknowledged in rows:
        if isinstance(payload, bytes):
            yield payload, bool(acknowledged)


@contextlib.contextmanager
def _reading(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connection(f"{path.as_uri()}?{mode}")) as db:
        yield db


def connection(uri: str) -> sqlite3.Connection:
    """One that any thread may use; who opens it sees to it that no two do at once."""
    db = sqlite3.connect(uri, timeout=_BUSY_S, isolation_level=None, check_same_thread=False, uri=True)
    db.text_factory = _text
    return db


def _text(content: bytes) -> str:
    return content.decode(errors="replace")


@contextlib.contextmanager
def damage_detected() -> Iterator[None]:
    """Tell a damaged file from a disk that does not do its work."""
    try:
        yield
    except sqlite3.Error as exc:
        # Without a code it is Python's own: a value of a type that none of ours has.
        code = getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in _DAMAGE:
            raise DamagedError(str(exc)) from exc
        raise
    except (UnicodeDecodeError, MemoryError) as exc:  # a name in SQLite's message, or a length, that is nonsense
        raise DamagedError("it holds nonsense") from exc


def stored_in(db: sqlite3.Connection) -> Stored:
    """What the file holds."""
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
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            event = msgspec.json.decode(payload, type=PAYLOADS[name])
            if getattr(event, "seq", None) == seq:
                yield Message(topic.name, payload, topic.qos, topic.kind, seq, late=True), put_s
