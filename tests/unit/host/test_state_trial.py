"""The state folder, tried: what is in it, and that nothing is left behind."""

import os
from pathlib import Path

import pytest

from edged.host.state_trial import tried, user


def test_folder_that_can_be_used(tmp_path: Path) -> None:
    """Its owner, its room and the sizes of its files, the same as before."""
    (tmp_path / "outbox.sqlite3").write_bytes(bytes(5000))
    (tmp_path / "web").mkdir()
    trial = tried(tmp_path)
    assert (trial.exists, trial.owner, trial.sizes) == (True, user(), {"outbox.sqlite3": 5000})
    assert trial.free_bytes > 0
    assert sorted(one.name for one in tmp_path.iterdir()) == ["outbox.sqlite3", "web"]


def test_folder_that_is_not_made_yet(tmp_path: Path) -> None:
    """It is tried where it would be made, and not made."""
    trial = tried(tmp_path / "state" / "edged")
    assert (trial.exists, trial.sizes) == (False, {})
    assert [*tmp_path.iterdir()] == []


def test_file_in_its_place(tmp_path: Path) -> None:
    """The system's reason."""
    (tmp_path / "edged").touch()
    with pytest.raises(NotADirectoryError):
        tried(tmp_path / "edged")


def test_user_without_an_entry_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs as any user."""
    monkeypatch.setattr(os, "geteuid", lambda: 3_999_999_999)
    assert user() == "3999999999"
