"""Where a bundle may be written: it replaces a bundle, and nothing else of anybody's."""

from pathlib import Path

import pytest

from convert.bundle.place import check_out, made_here, replace
from edged.errors import ModelError, UsageError
from edged.models.bundle import DEFAULT_BUNDLE


def test_new_empty_or_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is fit, also by a relative path."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "bundle.json").touch()
    for name in ("new", "new/deeper", "empty", "bundle"):
        check_out(tmp_path / name)
    monkeypatch.chdir(tmp_path / "empty")
    check_out(Path())


def test_folders_of_something_else_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recordings would be gone: the folder is replaced as a whole."""
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "a.wav").touch()
    for place, words in (
        ("voices", "holds files but no bundle.json, expected a new folder, or that of a bundle"),
        ("voices/a.wav", "is a file, expected a folder"),
    ):
        with pytest.raises(UsageError, match=rf"--out .*{place}: {words}"):
            check_out(tmp_path / place)
    monkeypatch.chdir(tmp_path / "voices")
    with pytest.raises(UsageError, match=r"--out \.: holds files"):
        check_out(Path())
    with pytest.raises(UsageError, match=r"--out /: is the root folder"):
        check_out(Path("/"))


@pytest.mark.parametrize("place", ["/proc/bundle", "voices/a.wav/bundle"])
def test_places_that_cannot_be_written_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Before hours of training, and without a trace."""
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "a.wav").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=rf"--out {place}: .*, expected a place that can be written"):
        check_out(Path(place))
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "voices", tmp_path / "voices" / "a.wav"]


def test_bundle_that_gets_figures(tmp_path: Path) -> None:
    """One that is not there is refused; the shipped one is fit."""
    assert made_here(DEFAULT_BUNDLE).path == DEFAULT_BUNDLE
    with pytest.raises(ModelError, match=r"none/bundle\.json"):
        made_here(tmp_path / "none")


def test_replacing_keeps_a_copy_that_somebody_made(tmp_path: Path) -> None:
    """The old bundle is gone, ``bundle.old`` is not."""
    for name in ("bundle", "bundle.old", "bundle.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bundle.json").write_text(name)
    replace(tmp_path / "bundle", tmp_path / "bundle.part")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "bundle.old"]
    assert (tmp_path / "bundle" / "bundle.json").read_text() == "bundle.part"
