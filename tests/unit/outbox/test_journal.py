"""The journal's thread: when it writes, what it loads, and how it treats another process' file."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edged.outbox import journal as module
from edged.outbox.journal import Journal
from edged.outbox.outbox import Outbox
from edged.outbox.reader import history
from tests.parts.broker.mosquitto import wait_until
from tests.parts.broker.outboxes import numbers, put

YEAR_S = 31_536_000.0


@contextmanager
def opened(folder: Path, commit_s: float = 0.0, utc_s: float = 1e9, retry_s: float = 60.0) -> Iterator[Journal]:
    """A running journal."""
    journal = Journal(folder / "outbox.sqlite3", limit_s=60.0, commit_s=commit_s, retry_s=retry_s, utc=lambda: utc_s)
    journal.open(lambda: None)
    try:
        yield journal
    finally:
        journal.close()


def n_stored(folder: Path) -> int:
    """Number of events in the file."""
    return len(list(history(folder / "outbox.sqlite3")))


def test_events_are_found_again_in_order(tmp_path: Path) -> None:
    """Events are loaded in order, except acknowledged ones and those beyond the limit."""
    with opened(tmp_path) as journal:
        events = put(journal, 10)
        journal.acknowledged(events[0].seq)
        journal.removed(events[1].seq)
    with opened(tmp_path) as journal:
        found = journal.found()
        assert found == [message.delayed() for message in events[2:]]
        assert journal.found() == []


def test_folder_is_made_for_its_user_alone(tmp_path: Path) -> None:
    """Emotions are private."""
    with opened(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
        assert {file.stat().st_mode & 0o777 for file in (tmp_path / "a" / "b").iterdir()} == {0o600}


def test_commit_0_is_at_once_and_tells(tmp_path: Path) -> None:
    """An event may be published once it is on the disk, and a callback reports that."""
    called: list[float] = []
    journal = Journal(tmp_path / "outbox.sqlite3", commit_s=0.0)
    journal.open(lambda: called.append(journal.horizon))
    (message,) = put(journal)
    wait_until(lambda: called and called[-1] >= message.seq, "the callback")
    assert n_stored(tmp_path) == 1
    journal.close()


def test_commit_waits_for_more(tmp_path: Path) -> None:
    """Nothing is written within ``commit_s``, and publishing does not wait for it."""
    with opened(tmp_path, commit_s=30.0) as journal:
        wait_until(lambda: journal.horizon > 0, "numbers are reserved")
        events = put(journal, 20)
        assert events[-1].seq < journal.horizon
        assert n_stored(tmp_path) == 0
        journal.flush()
        wait_until(lambda: n_stored(tmp_path) == 20, "on disk")


def test_burst_does_not_wait(tmp_path: Path) -> None:
    """More events than reserved numbers within ``commit_s`` are written at once."""
    with opened(tmp_path, commit_s=30.0) as journal:
        events = put(journal, 3000)
        wait_until(lambda: journal.horizon >= events[-1].seq, "more is reserved")


def test_acknowledged_in_time_is_written_later_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such events become history later, which spares the card."""
    monkeypatch.setattr(module, "_LAZY_S", 2.0)
    with opened(tmp_path, commit_s=1.0) as journal:
        put(journal, 2)
        journal.flush()
        wait_until(lambda: n_stored(tmp_path) == 2, "the first are on disk")
        began_s = time.monotonic()
        (message,) = put(journal)
        journal.acknowledged(message.seq)
        wait_until(lambda: n_stored(tmp_path) == 3, "history")
        assert time.monotonic() - began_s >= 2.0  # not with the commit
        assert list(history(tmp_path / "outbox.sqlite3"))[-1] == (message.payload, True)


def test_flush_writes_history_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for its late deadline is on the disk after a flush, as before the last second of a process."""
    monkeypatch.setattr(module, "_LAZY_S", YEAR_S)
    with opened(tmp_path, commit_s=YEAR_S) as journal:
        wait_until(lambda: journal.horizon > 0, "numbers are reserved")
        (message,) = put(journal)
        journal.acknowledged(message.seq)
        journal.flush()
        wait_until(lambda: n_stored(tmp_path) == 1, "history")
        assert list(history(tmp_path / "outbox.sqlite3")) == [(message.payload, True)]


def test_power_cut_before_an_acknowledgement_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event is sent once more, none is lost; the next number is a new one."""
    monkeypatch.setattr(module, "_LAZY_S", YEAR_S)
    with opened(tmp_path / "card") as journal:
        events = put(journal, 2)
        wait_until(lambda: n_stored(tmp_path / "card") == 2, "on disk")
        journal.acknowledged(events[0].seq)
        shutil.copytree(tmp_path / "card", tmp_path / "after")
    with opened(tmp_path / "after") as journal:
        assert journal.found() == [message.delayed() for message in events]
        assert journal.next_seq() > events[-1].seq


def test_close_writes_what_is_left(tmp_path: Path) -> None:
    """Close does not wait for ``commit_s``; the next number follows the last."""
    with opened(tmp_path, commit_s=60.0) as journal:
        events = put(journal, 5)
    assert n_stored(tmp_path) == 5
    with opened(tmp_path, commit_s=60.0) as journal:
        assert journal.next_seq() == events[-1].seq + 1


@pytest.mark.parametrize("jump_s", [YEAR_S, -YEAR_S, -1e9])
def test_clock_that_is_set_changes_neither_numbers_nor_ages(tmp_path: Path, jump_s: float) -> None:
    """With a limit of a minute, a clock set by a year or to 1970 expires nothing, and numbers increase by one."""
    seqs: list[int] = []
    for utc_s in (1e9, 1e9 + jump_s, 1e9):
        with opened(tmp_path, utc_s=utc_s) as journal:
            outbox = Outbox(limit_s=60.0, journal=journal)
            outbox.adopt()
            assert len(outbox) == len(seqs)
            seqs += numbers(put(journal, 5))
    assert seqs == list(range(seqs[0], seqs[0] + 15))


def test_second_process_leaves_the_file_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A second process works in memory, logs why, and publishes none of the first one's events."""
    with opened(tmp_path) as first:
        events = put(first, 3)
        wait_until(lambda: first.horizon >= events[-1].seq, "on disk")
        with opened(tmp_path) as second:
            assert "held by another edged" in second.fault
            assert second.found() == []
            put(second)
        assert n_stored(tmp_path) == 3
        assert len(caplog.records) == 1


def test_second_process_takes_over(tmp_path: Path) -> None:
    """After the first process ends, the second one loads its events; their numbers are unused."""
    with opened(tmp_path) as first:
        events = put(first, 3)
        with opened(tmp_path, utc_s=2e9, retry_s=0.1) as second:
            more = put(second)
            first.close()
            wait_until(lambda: not second.fault, "on disk")
            assert numbers(second.found()) == numbers(events)
            assert more[0].seq > events[-1].seq
