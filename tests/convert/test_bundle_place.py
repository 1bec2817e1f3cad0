"""Where a bundle may be written: it replaces a bundle, and nothing else of anybody's."""

from pathlib import Path

import pytest

from convert.bundle.place import check_out, replace
from edged.errors import UsageError


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
    for place, words in (("voices", "holds files but no bundle.json"), ("voices/a.wav", "is a file")):
        with pytest.raises(UsageError, match=rf"--out .*{place}: {words}, expected a new folder, or that of a bundle"):
            check_out(tmp_path / place)
    monkeypatch.chdir(tmp_path / "voices")
    with pytest.raises(UsageError, match=r"--out \.: holds files"):
        check_out(Path())
    with pytest.raises(UsageError, match=r"--out /: is the root folder"):
        check_out(Path("/"))


def test_replacing_keeps_a_copy_that_somebody_made(tmp_path: Path) -> None:
    """The old bundle is gone, ``bundle.old`` is not."""
    for name in ("bundle", "bundle.old", "bundle.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bundle.json").write_text(name)
    replace(tmp_path / "bundle", tmp_path / "bundle.part")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "bundle.old"]
    assert (tmp_path / "bundle" / "bundle.json").read_text() == "bundle.part"
