"""Files are written completely or not at all."""

from pathlib import Path
from typing import Literal

import pytest

from convert.data.atomic_file import atomic, check_place
from edged.errors import UsageError

# Nobody may write to /proc, root included.
_REFUSED = "(No such file or directory|Permission denied), expected a place that can be written"


def test_there_at_the_end(tmp_path: Path) -> None:
    """The folder is made, old content stays until the new is complete, and no temporary file remains."""
    path = tmp_path / "run" / "m1.npz"
    for content in (b"first", b"second"):
        with atomic(path) as file:
            file.write(content)
            assert content == b"first" or path.read_bytes() == b"first"
        assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_not_there_after_a_failure(tmp_path: Path) -> None:
    """A failed write leaves no file."""

    def half() -> None:
        with atomic(tmp_path / "m1.npz") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert list(tmp_path.iterdir()) == []


def test_places_that_could_be_written(tmp_path: Path) -> None:
    """New ones below folders that are not there yet, and what would be replaced; nothing is left behind."""
    (tmp_path / "old.npz").touch()
    before = sorted(tmp_path.rglob("*"))
    for place in ("old.npz", "new.npz", "a/b/new.npz"):
        check_place("--out", tmp_path / place, "file")
    for folder in (tmp_path, tmp_path / "new"):
        check_place("--output", folder, "folder")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("place", "kind", "words"),
    [
        ("old.npz", "folder", "is a file, expected a folder"),
        (".", "file", "is a folder, expected a file"),
        ("old.npz/new", "file", "Not a directory, expected a place that can be written"),
        ("/proc/new", "file", _REFUSED),
        ("/proc", "folder", _REFUSED),
    ],
)
def test_places_that_could_not(tmp_path: Path, place: str, kind: Literal["file", "folder"], words: str) -> None:
    """One line with the option, before the work."""
    (tmp_path / "old.npz").touch()
    with pytest.raises(UsageError, match=f"^--out {tmp_path / place}: {words}$"):
        check_place("--out", tmp_path / place, kind)
