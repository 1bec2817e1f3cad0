"""Disks that really fail: full, read-only, hung.  The outbox continues in memory and recovers.

a small tmpfs ──► Journal ──► fault, one log line ──► the disk is well again ──► everything is on it
"""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from edged.contract.topics import EVENT_START
from edged.mqtt.publisher import Publisher
from edged.outbox.journal import Journal
from edged.outbox.outbox import Outbox
from edged.outbox.reader import history
from tests.parts.broker.consumer import Consumer
from tests.parts.broker.mosquitto import Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.outboxes import numbers, outbox_metrics, put
from tests.parts.broker.payloads import episode_start
from tests.parts.faults.disk import Disk, card
from tests.parts.faults.journals import opened, stored

__all__ = ["card", "idle_mosquitto", "mosquitto"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    mount_point = tmp_path / "disk"
    mount_point.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", mount_point], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"needs to mount a tmpfs, as root: {mounted.stderr.decode().strip()}")
    yield mount_point
    subprocess.run(["umount", "-l", mount_point], check=True)


def fill(disk: Path) -> Path:
    """Write a file that fills the disk."""
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(512))
    return filler


def remount(disk: Path, how: str) -> None:
    """Remount as ``ro`` or ``rw``."""
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


@pytest.mark.parametrize("commit_s", [0.0, 0.1])
def test_disk_that_fills_up(disk: Path, caplog: pytest.LogCaptureFixture, commit_s: float) -> None:
    """A full disk: one log line, events stay in memory; all are written once there is room."""
    caplog.set_level("INFO")
    with opened(disk, commit_s) as journal:
        events = put(journal, 10)
        wait_until(lambda: journal.horizon >= events[-1].seq, "on disk")
        filler = fill(disk)
        wait_until(lambda: events.extend(put(journal)) or journal.fault, "the fault")  # type: ignore[func-returns-value]
        assert journal.fault == "database or disk is full"
        events += put(journal, 100)
        assert journal.horizon > events[-1].seq  # nothing is held back
        filler.unlink()
        wait_until(lambda: not journal.fault, "on disk again")
        events += put(journal, 10)
        wait_until(lambda: journal.horizon >= events[-1].seq and not journal.fault, "all on disk")
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert stored(disk) == numbers(events)


def test_start_on_a_full_disk(disk: Path) -> None:
    """Started on a full disk, the journal uses memory until there is room."""
    filler = fill(disk)
    with opened(disk) as journal:
        events = put(journal, 10)
        assert journal.fault
        filler.unlink()
        wait_until(lambda: not journal.fault, "on disk")
    assert stored(disk) == numbers(events)


def test_start_on_a_read_only_disk(disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Started on a read-only disk, stored events are published and new ones stay in memory until it is writable."""
    with opened(disk) as journal:
        before = put(journal, 5)
    remount(disk, "ro")
    with opened(disk) as journal:
        assert journal.fault == "Read-only file system"
        assert numbers(journal.found()) == numbers(before)
        events = put(journal, 5)
        assert events[0].seq > before[-1].seq
        journal.acknowledged(before[0].seq)
        journal.acknowledged(events[0].seq)
        remount(disk, "rw")
        wait_until(lambda: not journal.fault, "on disk")
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1
    assert stored(disk) == numbers(before[1:] + events[1:])


@pytest.mark.parametrize("commit_s", [0.0, 0.1])
def test_disk_that_turns_read_only(card: Disk, caplog: pytest.LogCaptureFixture, commit_s: float) -> None:
    """A write fails: one log line, events stay in memory; all are written once the disk is writable."""
    caplog.set_level("INFO")
    with opened(card.place, commit_s) as journal:
        events = put(journal, 10)
        wait_until(lambda: journal.horizon >= events[-1].seq, "on disk")
        card.break_off()
        events += put(journal, 10)
        wait_until(lambda: journal.fault, "the fault")
        events += put(journal, 10)
        assert journal.horizon > events[-1].seq  # nothing is held back
        wait_until(lambda: journal.fault == "Read-only file system", "what it is")
        card.mend()
        wait_until(lambda: not journal.fault, "on disk again")
        events += put(journal, 10)
        wait_until(lambda: journal.horizon >= events[-1].seq and not journal.fault, "all on disk")
    assert [record.levelname for record in caplog.records][-1] == "INFO"
    assert "outbox.sqlite3.damaged" not in [file.name for file in card.place.iterdir()]
    assert stored(card.place) == numbers(events)


def test_disk_that_hangs(card: Disk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the journal's thread waits for a hung disk; one log line; all events are written once it responds."""
    caplog.set_level("INFO")
    with opened(card.place, 0.1) as journal:
        events = put(journal, 10)
        wait_until(lambda: journal.horizon >= events[-1].seq, "on disk")
        monkeypatch.setattr("edged.outbox.journal._HANGS_S", 0.2)
        card.freeze()
        wait_until(lambda: events.extend(put(journal)) or journal.trouble, "trouble")  # type: ignore[func-returns-value]
        assert journal.trouble == "the disk does not answer"
        events += put(journal, 10)
        assert journal.horizon > events[-1].seq  # numbers that were reserved: these may be published
        card.thaw()
        wait_until(lambda: not journal.trouble and "again" in caplog.text, "well")
    levels = [record.levelname for record in caplog.records]
    assert levels == ["WARNING", "INFO"] * (len(levels) // 2)  # the disk of a loaded machine may be slow again
    assert stored(card.place) == numbers(events)


def test_close_with_a_disk_that_hangs(
    card: Disk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Close leaves a hung disk behind and logs how many events are not stored; a write that completes is whole."""
    with opened(card.place, 0.1) as journal:
        events = put(journal, 10)
        wait_until(lambda: len(list(history(card.place / "outbox.sqlite3"))) == len(events), "on disk")
        monkeypatch.setattr("edged.outbox.journal._CLOSE_S", 1.0)
        card.freeze()
        events += put(journal, 200)
    assert [record.message for record in caplog.records] == [
        "outbox: the disk did not answer in time, not stored: 200 events"
    ]
    card.thaw()
    writing = [thread for thread in threading.enumerate() if thread.name == "edged-journal"]
    for thread in writing:
        thread.join(60)
    assert stored(card.place) == numbers(events)


def test_events_go_to_the_broker_from_a_full_disk(disk: Path, mosquitto: Mosquitto) -> None:
    """A full disk delays no event; health reports that events would not survive a restart, and why."""
    fill(disk)
    journal = Journal(disk / "outbox.sqlite3")
    with Consumer(mosquitto.port) as consumer:
        wait_until(lambda: consumer.subscribed, "subscribed")
        with Publisher(mosquitto.mqtt, "a", Outbox(journal=journal)) as publisher:
            for number in range(100):
                publisher.publish(EVENT_START, episode_start("sad", number))
            wait_until(lambda: not publisher.unacknowledged, "all acknowledged")
            metrics = outbox_metrics(publisher)
        assert (metrics.depth, metrics.dropped, metrics.on_disk) == (0, 0, False)
        assert metrics.fault
        wait_until(lambda: len(consumer.events) == 100, "all events")
