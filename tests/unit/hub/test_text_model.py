"""edged.hub.words.model_file: a damaged text model is refused in one line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edged.errors import ModelError
from edged.hub.words.model_file import MANIFEST, SHIPPED, WEIGHTS, load_text_model, packed

Damage = Callable[[Path], None]


def _with(**changes: object) -> Damage:
    def change(folder: Path) -> None:
        file = folder / MANIFEST
        content = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps({**content, **changes}), encoding="utf-8")

    return change


def _cut(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-1])


def _flip(folder: Path) -> None:
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[1000] ^= 1
    (folder / WEIGHTS).write_bytes(bytes(content))


def test_shipped_model_loads() -> None:
    """The shipped model: its size, its labels, and the same bytes when written again."""
    model = load_text_model()
    assert set(model.manifest.labels) == {"angry", "disgust", "fear", "happy", "neutral", "sad", "other"}
    content = (SHIPPED / WEIGHTS).read_bytes()
    assert len(content) < 600_000
    assert packed(model.weights, model.idf, model.known) == content
    assert model.manifest.training["corpus"] == "goemotions"
    assert not model.manifest.training["commit"].endswith("+")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_cut, "bytes, expected"),
        (_flip, "sha256 is"),
        (_with(format=2), "format is 2, expected 1"),
        (_with(labels=["a", "a"]), "expected each once"),
        (_with(labels=["angry", "sad"]), "scales has 7 numbers, expected 2"),
        (_with(offsets=[0.0]), "offsets has 1 numbers, expected 7"),
        (_with(temperature=0), "expected a text model's manifest"),
        (_with(colour="red"), "unknown field"),
        (lambda folder: (folder / MANIFEST).write_text("{\n"), "expected a text model's manifest"),
        (lambda folder: (folder / MANIFEST).write_text("[" * 100_000), "expected a text model's manifest"),
        (lambda folder: (folder / MANIFEST).write_bytes(b"\xff"), "expected a text model's manifest"),
        (lambda folder: (folder / MANIFEST).unlink(), "expected a file of the text model"),
        (lambda folder: (folder / WEIGHTS).unlink(), "expected a file of the text model"),
        (lambda folder: (folder / WEIGHTS).write_bytes(bytes(5_000_000)), "larger than"),
    ],
)
def test_damaged_model_is_refused(damage: Damage, message: str, tmp_path: Path) -> None:
    """One line that names the file and what was expected."""
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED, folder)
    damage(folder)
    with pytest.raises(ModelError, match=message) as caught:
        load_text_model(folder)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)


def test_path_with_a_nul_is_refused() -> None:
    """As a config may hold it."""
    with pytest.raises(ModelError, match="expected a file of the text model"):
        load_text_model(Path("a\0b"))
