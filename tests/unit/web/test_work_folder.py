"""work_folder: emptied when it is taken and when it is left, and held by one process."""

from pathlib import Path

import pytest

from edged.errors import AlreadyRunningError, ConfigError
from edged.web.work_folder import WorkFolder


def test_work_folder_emptied(tmp_path: Path) -> None:
    """What a killed process left is removed at the start, what this one made at the end; others cannot read it."""
    place = tmp_path / "web"
    (place / "old").mkdir(parents=True)
    (place / "old" / "recording.wav").write_bytes(b"somebody's voice")
    with WorkFolder(place) as folder:
        assert [entry.name for entry in folder.path.iterdir()] == ["lock"]
        assert folder.path.stat().st_mode & 0o777 == 0o700
        (folder.path / "new").mkdir()
        (folder.path / "new" / "recording.wav").write_bytes(b"another voice")
    assert [entry.name for entry in place.iterdir()] == ["lock"]


def test_work_folder_link_not_followed(tmp_path: Path) -> None:
    """A link in the folder is removed, not what it leads to."""
    (tmp_path / "web").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").touch()
    (tmp_path / "web" / "link").symlink_to(tmp_path / "outside")
    with WorkFolder(tmp_path / "web"):
        pass
    assert (tmp_path / "outside" / "file").exists()


def test_work_folder_taken(tmp_path: Path) -> None:
    """A second process is refused and removes nothing; after the first it may."""
    with WorkFolder(tmp_path / "web") as folder:
        (folder.path / "call").mkdir()
        with pytest.raises(AlreadyRunningError, match="already runs here with"), WorkFolder(tmp_path / "web"):
            pass
        assert (folder.path / "call").is_dir()
    with WorkFolder(tmp_path / "web"):
        pass


def test_work_folder_no_folder(tmp_path: Path) -> None:
    """A file in its place is an error of one line."""
    (tmp_path / "web").touch()
    with pytest.raises(ConfigError, match=r"web: File exists, expected a folder"), WorkFolder(tmp_path / "web"):
        pass
