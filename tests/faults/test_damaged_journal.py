"""Outbox files that are damaged: set aside at the start, noticed and replaced while open."""

import random
import shutil
from pathlib import Path

import pytest

from tests.parts.broker.mosquitto import wait_until
from tests.parts.broker.outboxes import numbers, put
from tests.parts.faults.journals import opened


@pytest.mark.parametrize("kind", ["random", "text", "cut", "zeros"])
def test_damaged_file_at_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str) -> None:
    """A damaged file is set aside with one log line, and numbers do not start again lower."""
    with opened(tmp_path) as journal:
        before = put(journal, 50)
    file = tmp_path / "outbox.sqlite3"
    content = file.read_bytes()
    damaged = {
        "random": random.Random(1).randbytes(20_000),  # noqa: S311 -- arbitrary bytes
        "text": b"not a database\n" * 100,
        "cut": content[: len(content) // 2],
        "zeros": content[:100] + bytes(len(content) - 100),
    }[kind]
    file.write_bytes(damaged)
    with opened(tmp_path, later_s=1.0) as journal:
        assert not journal.fault
        assert journal.set_aside == "outbox.sqlite3.damaged"
        loaded = journal.found()
        assert put(journal)[0].seq > before[-1].seq
    assert (tmp_path / "outbox.sqlite3.damaged").read_bytes() == damaged
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert set(numbers(loaded)) <= set(numbers(before))


@pytest.mark.parametrize("kind", ["random", "empty", "gone"])
def test_damaged_file_while_it_is_open(tmp_path: Path, kind: str) -> None:
    """Nothing is held back; what is damaged or gone is noticed at the next batch and replaced, with all that waits."""
    folder = tmp_path / "state"
    with opened(folder) as journal:
        events = put(journal, 200)
        wait_until(lambda: journal.horizon >= events[-1].seq, "on disk")
        if kind == "gone":
            shutil.rmtree(folder)
        else:
            for name in ("outbox.sqlite3", "outbox.sqlite3-journal"):
                with (folder / name).open("r+b") as file:
                    if kind == "random":
                        file.write(random.Random(2).randbytes((folder / name).stat().st_size))  # noqa: S311 -- any
                    else:
                        file.truncate()
        for _ in range(20):
            more = put(journal, 50)
            wait_until(lambda: journal.horizon >= more[-1].seq, "on disk, or from memory")  # noqa: B023 -- at once
            events += more
        assert not journal.found()
        wait_until(lambda: not journal.fault, "on disk again")
        assert journal.set_aside == ("" if kind == "gone" else "outbox.sqlite3.damaged")
    with opened(folder, later_s=60.0) as journal:
        assert numbers(journal.found()) == numbers(events)
        assert not journal.set_aside
        assert put(journal)[0].seq > events[-1].seq
