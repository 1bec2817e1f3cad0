"""State files: written atomically and synced, read up to a limit, on disks that hang too."""

from pathlib import Path

import pytest

from edged.host.state_file import StateFile, read_bounded, write_durably
from tests.parts.broker.mosquitto import wait_until
from tests.parts.faults.disk import Disk, card

__all__ = ["card"]


def test_written_and_read(tmp_path: Path) -> None:
    """The folder is private, and no temporary file remains."""
    file = tmp_path / "state" / "file.json"
    write_durably(file, b"old")
    write_durably(file, b"new")
    assert read_bounded(file) == b"new"
    assert [entry.name for entry in file.parent.iterdir()] == ["file.json"]
    assert file.parent.stat().st_mode & 0o77 == 0


def test_content_is_synced_before_the_rename_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut at any moment leaves the old or the new content, never an empty file."""
    file = tmp_path / "file.json"
    file.write_bytes(b"old")
    synced: list[tuple[str, bytes]] = []

    def fsync(descriptor: int) -> None:
        synced.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, file.read_bytes()))

    monkeypatch.setattr("edged.host.state_file.os.fsync", fsync)
    write_durably(file, b"new")
    assert synced == [("file.json.new", b"old"), (tmp_path.name, b"new")]


def test_disk_that_refuses_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is raised, and the file keeps its content."""
    file = tmp_path / "file.json"
    write_durably(file, b"old")

    def refuse(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edged.host.state_file.os.fsync", refuse)
    with pytest.raises(OSError, match="No space left"):
        write_durably(file, b"new")
    assert read_bounded(file) == b"old"


def test_read_stops_at_64_kb(tmp_path: Path) -> None:
    """A wrong path may lead to a file of gigabytes."""
    file = tmp_path / "long"
    file.write_bytes(b"x" * 100_000)
    assert len(read_bounded(file)) == 65_536


def test_remove_of_nothing_is_no_fault(tmp_path: Path) -> None:
    """Removing a missing file succeeds."""
    file = StateFile(tmp_path / "file.json", thread="edged-test", deadline_s=15)
    file.remove()
    file.write(b"content")
    file.remove()
    assert list(tmp_path.iterdir()) == []


def test_damaged_content_is_copied(tmp_path: Path) -> None:
    """The copy is beside the file, which stays until the next write."""
    file = StateFile(tmp_path / "file.json", thread="edged-test", deadline_s=15)
    file.path.write_bytes(b"\xff")
    assert file.save_damaged(file.read()) == tmp_path / "file.json.damaged"
    assert (tmp_path / "file.json.damaged").read_bytes() == file.read() == b"\xff"


def test_write_to_a_disk_that_hangs(card: Disk) -> None:
    """The caller gets an error in time; the write completes when the disk responds."""
    file = StateFile(card.place / "file.json", thread="edged-test", deadline_s=0.2)
    write_durably(file.path, b"old")
    card.freeze()
    with pytest.raises(TimeoutError, match="the disk does not answer"):
        file.write(b"new")
    card.thaw()
    wait_until(lambda: file.read() == b"new", "the late write")
