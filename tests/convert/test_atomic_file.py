"""Files are written completely or not at all."""

from pathlib import Path

import pytest

from convert.data.atomic_file import atomic


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
