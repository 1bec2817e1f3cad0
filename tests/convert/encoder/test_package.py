"""The encoder's package: taken only if its content is what the hashes say."""

import zipfile
from pathlib import Path

import pytest

from convert.encoder import package
from edged.errors import UsageError


def wheel(folder: Path, content: bytes) -> Path:
    """A wheel with the members that are looked for, each with ``content``."""
    file = folder / "other.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for member, _ in package.MEMBERS.values():
            archive.writestr(member, content)
    return file


def test_other_content_is_refused(tmp_path: Path) -> None:
    """A wheel of that name whose model is another one leaves nothing behind."""
    with pytest.raises(
        UsageError, match=r"other.whl: smart-turn-v3.2-cpu.onnx has sha256 [0-9a-f]{12}…, expected 2bb0"
    ):
        package.fetch(tmp_path / "out", wheel(tmp_path, b"other"))
    assert list((tmp_path / "out").iterdir()) == []


def test_file_that_is_no_wheel(tmp_path: Path) -> None:
    """It is named, with what was expected."""
    file = tmp_path / "text.whl"
    file.write_text("no archive")
    with pytest.raises(UsageError, match=r"text.whl: .*, expected the wheel of pipecat-ai==1.14.0"):
        package.fetch(tmp_path / "out", file)


def test_absent_wheel(tmp_path: Path) -> None:
    """A path that leads nowhere is a line, no traceback."""
    with pytest.raises(UsageError, match="No such file"):
        package.fetch(tmp_path / "out", tmp_path / "absent.whl")
