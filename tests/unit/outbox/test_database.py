"""The outbox file: limits, transactions, invalid rows; and arbitrary bytes in its place."""

import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.contract.payloads import encoded
from edged.outbox.database import Batch, Database, InUseError, set_aside
from edged.outbox.journal import Journal
from edged.outbox.reader import DamagedError, NoTablesError, history, still_readable
from tests.parts.broker.outboxes import event, numbers, put
from tests.parts.broker.payloads import emotion_state
from tests.parts.faults.fuzzing import fuzzed


def opened(folder: Path, *, limit: int = 100, limit_mb: float = 10.0, limit_s: float = 1e6) -> Database:
    """A database in this folder."""
    return Database(folder / "outbox.sqlite3", limit=limit, limit_mb=limit_mb, limit_s=limit_s)


def batch(first: int, last: int, *, known: bool = False, open_s: float = 10.0) -> Batch:
    """A batch of events with these sequence numbers."""
    return Batch(last, open_s, put=[(event(seq), open_s, known) for seq in range(first, last + 1)])


def n_rows(folder: Path) -> int:
    """Number of rows."""
    return len(list(history(folder / "outbox.sqlite3")))


def test_load_gives_what_was_committed(tmp_path: Path) -> None:
    """Waiting events with their times, the horizon and the open time are loaded."""
    database = opened(tmp_path)
    database.commit(batch(1, 5))
    database.commit(Batch(105, 12.0, acknowledged=[2], removed=[3]))
    database.close()
    stored = opened(tmp_path).load()
    assert [message.seq for message, _ in stored.events] == [1, 4, 5]
    assert [put_s for _, put_s in stored.events] == [10.0] * 3
    assert (stored.horizon, stored.open_s, stored.n_unfit) == (105, 12.0, 0)
    assert n_rows(tmp_path) == 4


def test_history_goes_first_when_rows_are_many(tmp_path: Path) -> None:
    """The oldest acknowledged row is deleted; waiting ones are not the database's to drop."""
    database = opened(tmp_path, limit=100)
    database.commit(batch(1, 60, known=True))
    database.commit(batch(61, 130))
    rows = [acknowledged for _, acknowledged in history(tmp_path / "outbox.sqlite3")]
    assert rows == [True] * 30 + [False] * 70
    database.commit(batch(131, 300))
    assert n_rows(tmp_path) == 240
    database.close()


def test_history_goes_first_when_the_file_is_large(tmp_path: Path) -> None:
    """The limit applies to the file, not only to the payloads."""
    database = opened(tmp_path, limit=100_000, limit_mb=1.0)
    for first in range(1, 20_000, 1000):
        database.commit(batch(first, first + 999, known=True))
    database.close()
    assert (tmp_path / "outbox.sqlite3").stat().st_size < 1.4e6
    assert 1000 < n_rows(tmp_path) < 3000


def test_history_goes_when_it_is_old(tmp_path: Path) -> None:
    """Age is measured in the outbox's open time."""
    database = opened(tmp_path, limit_s=60.0)
    database.commit(batch(1, 5, known=True, open_s=10.0))
    database.commit(batch(6, 9, open_s=10.0))
    database.commit(batch(10, 11, known=True, open_s=80.0))
    database.close()
    assert n_rows(tmp_path) == 6


def test_batch_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """A value that cannot be stored rolls the batch back, and the next one works."""
    database = opened(tmp_path)
    wrong = batch(1, 3)
    wrong.acknowledged.append(2**70)
    with pytest.raises(OverflowError):
        database.commit(wrong)
    assert n_rows(tmp_path) == 0
    database.commit(batch(1, 3))
    assert n_rows(tmp_path) == 3
    database.close()


def test_open_file_is_not_opened_again(tmp_path: Path) -> None:
    """Neither this process nor another one opens it twice."""
    database = opened(tmp_path)
    with pytest.raises(InUseError, match=r"outbox\.lock is held by another edged"):
        opened(tmp_path)
    database.close()
    opened(tmp_path).close()


def test_file_that_is_taken_away_is_noticed(tmp_path: Path) -> None:
    """SQLite would continue to write to a file that nobody can open again."""
    database = opened(tmp_path)
    (tmp_path / "outbox.sqlite3").rename(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match="removed"):
        database.commit(batch(1, 1))
    database.close()


@pytest.mark.parametrize(
    "row",
    [
        (7, "event/start", b"no JSON", 1.0),
        (7, "event/start", b'{"type":"start","v":1}', 1.0),
        (7, "event/start", event(8).payload, 1.0),
        (7, "event/end", event(7).payload, 1.0),
        (7, "emotion", encoded(emotion_state("sad")), 1.0),
        (7, "event/start", event(7).payload, "soon"),
        (7, b"\xff\xfe", event(7).payload, 1.0),
        (7, "event/start", 12, 1.0),
        (-1, "event/start", event(7).payload, 1.0),
    ],
)
def test_row_that_is_no_event_is_removed(tmp_path: Path, row: tuple[object, ...]) -> None:
    """An invalid row is counted and removed, and the others stay."""
    database = opened(tmp_path)
    database.commit(batch(1, 3))
    database.close()
    with sqlite3.connect(tmp_path / "outbox.sqlite3") as db:
        db.execute("INSERT INTO event VALUES (?, ?, ?, ?, 0)", row)
    db.close()
    database = opened(tmp_path)
    stored = database.load()
    database.close()
    assert [message.seq for message, _ in stored.events] == [1, 2, 3]
    assert stored.n_unfit == 1
    assert n_rows(tmp_path) == 3


@pytest.mark.parametrize("page", ["", "PRAGMA page_size = 4096; VACUUM"])
def test_file_without_tables_becomes_an_outbox(tmp_path: Path, page: str) -> None:
    """What a full disk leaves, nothing or a header: a reader is told so, and the next start fills it in place."""
    file = tmp_path / "outbox.sqlite3"
    file.touch()
    db = sqlite3.connect(file, isolation_level=None)
    db.executescript(page)
    db.close()
    assert file.stat().st_size == (4096 if page else 0)
    with pytest.raises(NoTablesError):
        n_rows(tmp_path)
    database = opened(tmp_path)
    database.commit(batch(1, 3))
    database.close()
    assert n_rows(tmp_path) == 3


def test_half_of_the_tables_is_damage(tmp_path: Path) -> None:
    """No disk leaves that behind, since the tables are made in one transaction; the journal renames such a file."""
    with sqlite3.connect(tmp_path / "outbox.sqlite3") as db:
        db.execute("CREATE TABLE state (name TEXT PRIMARY KEY, value NOT NULL)")
        db.execute("PRAGMA user_version = 1")
    db.close()
    for use in (n_rows, opened):
        with pytest.raises(DamagedError, match="no such table: event"):
            use(tmp_path)


def test_other_database_is_no_outbox(tmp_path: Path) -> None:
    """A valid database of another program or a later version is refused."""
    for version in (0, 2):
        with sqlite3.connect(tmp_path / "outbox.sqlite3") as db:
            db.execute("CREATE TABLE IF NOT EXISTS notes (text)")
            db.execute(f"PRAGMA user_version = {version}")
        db.close()
        with pytest.raises(DamagedError, match=f"version {version}, expected 1"):
            opened(tmp_path)
    assert set_aside(tmp_path / "outbox.sqlite3").exists()
    opened(tmp_path).close()


def test_damaged_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """A damaged page in the middle: events before it are rescued."""
    database = opened(tmp_path, limit=10_000)
    database.commit(batch(1, 500))
    database.close()
    file = tmp_path / "outbox.sqlite3"
    content = bytearray(file.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    file.write_bytes(content)
    with pytest.raises(DamagedError):
        opened(tmp_path)
    saved = [message.seq for message, _ in still_readable(file).events]
    assert 50 < len(saved) < 500
    assert saved == list(range(1, len(saved) + 1))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with events of all kinds."""
    folder = tmp_path_factory.mktemp("whole")
    database = opened(folder)
    database.commit(batch(1, 40, known=True))
    database.commit(batch(41, 80))
    database.close()
    return folder / "outbox.sqlite3"


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Suppress the log line for each of ten thousand damaged files."""
    caplog.set_level("CRITICAL")


_CHANGES = st.lists(st.tuples(st.integers(0, 2**16), st.binary(min_size=1, max_size=40)), max_size=8)


@pytest.mark.usefixtures("quiet")
@given(changes=_CHANGES, cut=st.none() | st.integers(0, 2**16), other=st.none() | st.binary(max_size=300))
@fuzzed
def test_any_bytes_are_opened_or_kept_aside(
    whole: Path, fast: Path, changes: list[tuple[int, bytes]], cut: int | None, other: bytes | None
) -> None:
    """There is never an error nor an invalid event, and new events are stored."""
    content = bytearray(whole.read_bytes()[:cut] if other is None else other)
    for place, written in changes:
        content[place : place + len(written)] = written
    with tempfile.TemporaryDirectory(dir=fast) as folder:
        path = Path(folder) / "outbox.sqlite3"
        path.write_bytes(content)
        journal = Journal(path, limit_mb=1.0)
        journal.open(lambda: None)
        found = journal.found()
        assert len({message.seq for message in found}) == len(found)
        new = put(journal, 3)
        journal.close()
        assert not journal.fault
        assert new[0].seq > max(numbers(found), default=0)
        assert {message.payload for message in new} <= {payload for payload, _ in history(path)}
        assert not journal.set_aside or (path.parent / journal.set_aside).exists()
