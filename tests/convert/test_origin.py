"""The origin of a bundle: a commit is certified only if no code that has a part in the bundle differs from it."""

import subprocess
from pathlib import Path

import pytest

from convert.bundle import origin


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A committed tree of the same shape as this one."""
    for name in (
        "convert/a.py",
        "edged/models/b.py",
        "edged/events/c.py",
        "edged/models/small/bundle.json",
        "docs/d",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n', encoding="utf-8")
    who = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "a"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    monkeypatch.setattr(origin, "ROOT", tmp_path)
    return tmp_path


def test_commit_of_a_clean_tree(repository: Path) -> None:
    """Twelve digits, nothing behind them; the version is the project's."""
    assert len(origin.commit()) == 12
    assert int(origin.commit(), 16) >= 0
    assert (repository / "pyproject.toml").is_file()
    assert origin.version() == "1.2.3"


@pytest.mark.parametrize("name", ["convert/a.py", "edged/models/b.py", "edged/events/c.py", "edged/models/new.py"])
def test_changed_code_is_not_certified(repository: Path, name: str) -> None:
    """Code of any stage that is measured through, changed or new, puts a plus behind the commit."""
    (repository / name).write_text("2\n", encoding="utf-8")
    assert origin.commit().endswith("+")


@pytest.mark.parametrize("name", ["docs/d", "edged/models/small/bundle.json", "edged/models/small.part/m1.tflite"])
def test_other_changes_do_not_count(repository: Path, name: str) -> None:
    """Neither documents nor a bundle, just written or half, are code."""
    (repository / name).parent.mkdir(exist_ok=True)
    (repository / name).write_text("2\n", encoding="utf-8")
    assert not origin.commit().endswith("+")


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git's folder the commit is unknown."""
    monkeypatch.setattr(origin, "ROOT", tmp_path)
    assert origin.commit() == "unknown"
