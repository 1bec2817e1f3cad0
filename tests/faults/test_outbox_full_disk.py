"""The outbox file on a full disk, read by other processes, and as edged 0.1.0 left it."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from edged.cli.broker.history import show_history
from edged.cli.sensor.check import state_words
from edged.config.structs import Config
from edged.errors import HistoryError, StateError
from edged.outbox.database import Batch, Database
from edged.outbox.reader import history
from tests.parts.broker.outboxes import event
from tests.parts.faults.disk import Disk, mounted

_REPOSITORY = Path(__file__).parents[2]

# With each number of KiB free, opens or reads an outbox in a separate process, and reports how that ended.
_WITH_LITTLE_ROOM = """
import ctypes, json, os, sys
from contextlib import suppress
from pathlib import Path
from edged.outbox.database import Batch, Database
from edged.outbox.reader import history
from tests.parts.faults.disk import Disk
from tests.parts.broker.outboxes import event

disk = Disk(Path(sys.argv[1]))
outbox, filler = disk.place / "outbox.sqlite3", disk.place / "filler"

def opened():
    return Database(outbox, limit=100, limit_mb=10, limit_s=1e6)

def commit(database, *seqs):
    database.commit(Batch(max(seqs), 1.0, put=[(event(seq), 1.0, False) for seq in seqs]))

def leave(n_kib):
    disk.fill()
    os.truncate(filler, max(0, filler.stat().st_size - 1024 * n_kib))
    place = os.open(disk.place, os.O_RDONLY)
    assert ctypes.CDLL(None).syncfs(place) == 0  # not sync(), which waits for every disk of the machine
    os.close(place)

def begin(n_kib):
    leave(n_kib)
    database = opened()
    database.load()
    commit(database, *range(20, 40))

def fill_up(n_kib):
    database = opened()
    leave(n_kib)
    commit(database, *range(20, 40))

def read(n_kib):
    leave(n_kib)
    assert len(list(history(outbox))) == 5

def ended(work, n_kib):
    child = os.fork()
    if not child:
        with suppress(BaseException):
            work(n_kib)
            os._exit(0)
        os._exit(1)
    status = os.waitpid(child, 0)[1]
    for file in disk.place.glob("filler*"):
        file.unlink()
    return os.waitstatus_to_exitcode(status)

def before(_):
    for file in disk.place.glob("outbox*"):
        file.unlink()
    database = opened()
    commit(database, *range(1, 6))
    database.close()

found = {}
for work in (begin, fill_up, read):
    for n_kib in (*range(48), 400):
        assert ended(before, 0) == 0
        found.setdefault(work.__name__, []).append(ended(work, n_kib))
        assert len(list(history(outbox))) in {5, 25}
print(json.dumps(found))
"""


def batch(*seqs: int) -> Batch:
    """Events with these sequence numbers."""
    return Batch(max(seqs), 1.0, put=[(event(seq), 1.0, False) for seq in seqs])


def opened(folder: Path) -> Database:
    """A database in this folder."""
    return Database(folder / "outbox.sqlite3", limit=10**6, limit_mb=1e3, limit_s=1e6)


@pytest.mark.parametrize("block_bytes", [1024, 4096])
def test_full_disk_kills_nobody(tmp_path: Path, block_bytes: int) -> None:
    """With any free space a batch is written whole or not at all, no process dies, and reading needs no space."""
    with mounted(Disk(tmp_path, block_bytes)):
        done = subprocess.run(
            [sys.executable, "-c", _WITH_LITTLE_ROOM, tmp_path], cwd=_REPOSITORY, check=True, stdout=subprocess.PIPE
        )
    ends = json.loads(done.stdout)
    assert set(ends.pop("read")) == {0}
    for writing in ends.values():
        assert set(writing) == {0, 1}
        assert (writing[0], writing[-1]) == (1, 0)


def test_full_disk_is_named_with_what_to_do(tmp_path: Path) -> None:
    """By `edged check`, and by `edged history` of an outbox that the disk had no room for."""
    disk = Disk(tmp_path)
    config = Config(state_dir=str(disk.place))
    with mounted(disk):
        disk.fill()
        with pytest.raises(StateError, match=rf"^{disk.place}: No space left on device; .*: make room$"):
            state_words(config)
        with pytest.raises(sqlite3.OperationalError, match="full"):
            opened(disk.place)
        with pytest.raises(HistoryError, match=r"holds no events yet, .*: make room there"):
            show_history(config, None, jsonl=False)
        disk.make_room()
        database = opened(disk.place)
        database.commit(batch(1, 2))
        database.close()
        assert len(list(history(disk.place / "outbox.sqlite3"))) == 2
        assert state_words(config).endswith("; contains events")


def test_reader_of_another_process_takes_nothing_away(tmp_path: Path) -> None:
    """A reader between two batches creates no file and sees all events."""
    file = tmp_path / "outbox.sqlite3"
    read = f"""
from pathlib import Path
from edged.outbox.reader import history
print(len(list(history(Path({str(file)!r})))))
"""

    def n_read() -> int:
        command = [sys.executable, "-c", read]
        return int(subprocess.run(command, cwd=_REPOSITORY, check=True, stdout=subprocess.PIPE).stdout)

    database = opened(tmp_path)
    for count in (5, 10):
        database.commit(batch(*range(1, count + 1)))
        before = sorted(tmp_path.iterdir())
        assert n_read() == count
        assert sorted(tmp_path.iterdir()) == before
    database.close()
    assert n_read() == 10
    assert {one.name for one in before} == {"outbox.sqlite3", "outbox.sqlite3-journal", "outbox.lock"}


def test_history_that_is_read_slowly_holds_up_no_writer(tmp_path: Path) -> None:
    """`edged history | less`: all rows are read before the first is returned."""
    database = opened(tmp_path)
    database.commit(batch(1, 2, 3))
    rows = history(tmp_path / "outbox.sqlite3")
    next(rows)
    database.commit(batch(4))
    assert len(list(rows)) == 2
    database.close()


def test_transaction_that_a_power_cut_left_is_rolled_back(tmp_path: Path) -> None:
    """After a power cut neither the history nor the next daemon sees half a batch."""
    file, half = tmp_path / "outbox.sqlite3", tmp_path / "half"
    half.mkdir()
    database = opened(tmp_path)
    database.commit(batch(*range(1, 6)))
    database.close()
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=PERSIST")
        writer.execute("PRAGMA cache_size=1")  # so that pages go to the file before the end of the transaction
        writer.execute("BEGIN")
        writer.execute("UPDATE event SET acknowledged = 1, payload = zeroblob(9000)")
        for name in ("outbox.sqlite3", "outbox.sqlite3-journal"):
            (half / name).write_bytes((tmp_path / name).read_bytes())
        writer.execute("ROLLBACK")
    assert (half / "outbox.sqlite3").read_bytes() != file.read_bytes()
    rows = list(history(half / "outbox.sqlite3"))
    assert [acknowledged for _, acknowledged in rows] == [False] * 5
    assert [message.seq for message, _ in opened(half).load().events] == [1, 2, 3, 4, 5]


def test_file_in_wal_mode_is_taken_over(tmp_path: Path) -> None:
    """A database in WAL mode, left by edged 0.1.0 after a power cut, is converted; events in the WAL survive."""
    file, left = tmp_path / "outbox.sqlite3", tmp_path / "left"
    left.mkdir()
    database = opened(tmp_path)
    database.commit(batch(1, 2, 3))
    database.close()
    with closing(sqlite3.connect(file, isolation_level=None)) as former:
        former.execute("PRAGMA journal_mode=WAL")
        former.execute("UPDATE event SET acknowledged = 1 WHERE seq = 1")
        for name in ("outbox.sqlite3", "outbox.sqlite3-wal", "outbox.sqlite3-shm"):
            (left / name).write_bytes((tmp_path / name).read_bytes())
    assert [acknowledged for _, acknowledged in history(left / "outbox.sqlite3")] == [True, False, False]
    taken_over = opened(left)
    assert [message.seq for message, _ in taken_over.load().events] == [2, 3]
    taken_over.commit(batch(4))
    assert {one.name for one in left.iterdir()} == {"outbox.sqlite3", "outbox.sqlite3-journal", "outbox.lock"}
    taken_over.close()
