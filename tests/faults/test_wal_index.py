"""The outbox's shared memory on a disk that is full: no hole is left in it, and no process dies of one."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from edged.outbox.database import Batch, Database
from edged.outbox.reader import history
from edged.outbox.wal_index import WalIndex
from tests.parts.broker.outboxes import event
from tests.parts.faults.disk import Disk, mounted

_REPOSITORY = Path(__file__).parents[2]
_REGION = 32_768

# With so many KiB of room as the numbers say: opens an outbox or reads it, in a process of its own; how that ended.
_WITH_LITTLE_ROOM = """
import json, os, sys
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
    os.sync()

def begin(n_kib):
    leave(n_kib)
    database = opened()
    database.load()
    commit(database, 20)

def fill_up(n_kib):
    database = opened()
    leave(n_kib)
    commit(database, 20)

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
    database.close()  # and so there is no shared memory any more

found = {}
for work in (begin, fill_up, read):
    for n_kib in (*range(48), 400):
        assert ended(before, 0) == 0
        found.setdefault(work.__name__, []).append(ended(work, n_kib))
print(json.dumps(found))
"""


def batch(*seqs: int) -> Batch:
    """Events of these numbers."""
    return Batch(max(seqs), 1.0, put=[(event(seq), 1.0, False) for seq in seqs])


def opened(folder: Path) -> Database:
    """A database in this folder."""
    return Database(folder / "outbox.sqlite3", limit=10**6, limit_mb=1e3, limit_s=1e6)


@pytest.mark.parametrize("block_bytes", [1024, 4096])
def test_full_disk_kills_nobody(tmp_path: Path, block_bytes: int) -> None:
    """Whatever room is left: outbox and history work, or say what is wrong; neither ends by SIGBUS."""
    with mounted(Disk(tmp_path, block_bytes)):
        done = subprocess.run(
            [sys.executable, "-c", _WITH_LITTLE_ROOM, tmp_path], cwd=_REPOSITORY, check=True, stdout=subprocess.PIPE
        )
    for ends in json.loads(done.stdout).values():
        assert set(ends) == {0, 1}
        assert (ends[0], ends[-1]) == (1, 0)


def test_grows_before_the_wal_does(tmp_path: Path) -> None:
    """While a reader keeps the WAL from beginning again, SQLite finds room for each frame, and makes none itself."""
    database, shm = opened(tmp_path), tmp_path / "outbox.sqlite3-shm"
    assert shm.stat().st_size == _REGION
    with closing(sqlite3.connect(tmp_path / "outbox.sqlite3")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchall()
        first, sizes = 1, []
        while (tmp_path / "outbox.sqlite3-wal").stat().st_size < 3 * 4096 * 4120:
            database.commit(batch(*range(first, first + 10_000)))
            first += 10_000
            sizes.append(shm.stat().st_size)
            assert sizes[-1] == database._index._allocated  # noqa: SLF001 -- what was made before
    database.close()
    assert sizes[-1] >= 4 * _REGION


def test_reader_of_another_process_takes_nothing_away(tmp_path: Path) -> None:
    """It comes and goes; what was in force before is, and whoever comes later finds all."""
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
        shm = (tmp_path / "outbox.sqlite3-shm").stat()
        assert n_read() == count
        after = (tmp_path / "outbox.sqlite3-shm").stat()
        assert (after.st_ino, after.st_size) == (shm.st_ino, _REGION)
    database.close()
    assert n_read() == 10


def test_writer_begins_while_another_process_reads(tmp_path: Path) -> None:
    """The shared memory that is in use is left as it is."""
    file = tmp_path / "outbox.sqlite3"
    database = opened(tmp_path)
    database.commit(batch(*range(1, 6)))
    database.close()
    read = """
import sqlite3, sys
reader = sqlite3.connect(sys.argv[1])
reader.execute("BEGIN")
print(reader.execute("SELECT count(*) FROM event").fetchone()[0], flush=True)
sys.stdin.readline()
print(reader.execute("SELECT count(*) FROM event").fetchone()[0])
"""
    with subprocess.Popen([sys.executable, "-c", read, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"5\n"
        database = opened(tmp_path)
        database.commit(batch(6))
        assert reader.communicate(b"\n")[0] == b"5\n"
    assert len(list(history(file))) == 6
    database.close()


def test_link_is_not_followed(tmp_path: Path) -> None:
    """Who may write to the folder may not choose which file root empties."""
    other = tmp_path / "other"
    other.write_text("untouched")
    (tmp_path / "outbox.sqlite3-shm").symlink_to(other)
    with pytest.raises(OSError, match="symbolic links"):
        opened(tmp_path)
    assert other.read_text() == "untouched"


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another user, which root can")
def test_belongs_to_whom_the_database_belongs(tmp_path: Path) -> None:
    """Root's look at the history does not keep the daemon from its own file."""
    file = tmp_path / "outbox.sqlite3"
    file.touch()
    os.chown(file, 1234, 4321)
    with WalIndex(file):
        shm = (tmp_path / "outbox.sqlite3-shm").stat()
    assert (shm.st_uid, shm.st_gid, shm.st_mode & 0o777) == (1234, 4321, 0o600)
