"""Protocols: folds are fine-tuned from another model, tested once each, and resumed."""

import dataclasses
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert.recipes.spec import Recipe
from convert.score.folds import pooled
from edged.errors import UsageError
from tests.convert.test_networks import SMALL
from tests.parts.models import layouts
from tests.parts.models.with_tensorflow import with_tensorflow

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="needs TensorFlow: pip install -e '.[convert]'"
)
_START = Recipe(name="small", corpora=("cremad",), network=SMALL, epochs=1, epochs_after=1, batch=4, warmup_epochs=1)
_MERGED = {"angry": "angry", "boredom": "sad", "sad": "sad"}


def third_fold(folder: Path) -> tuple[dict[str, Any], dict[str, Any], int, list[str]]:
    """EMO-DB's third fold, with boredom as a label, twice: its metrics, and how many files the second time wrote."""
    from convert.evaluate.protocols import Protocol, fold_results  # noqa: PLC0415 - only in a process with TensorFlow

    protocol = Protocol(
        corpus="emodb",
        start=_START,
        start_fold=0,
        labels=("angry", "disgust", "fear", "happy", "neutral", "sad", "boredom"),
        begins={"boredom": "sad"},
        rows={"seven": {name: name for name in ("angry", "fear", "boredom")}, "merged": _MERGED},
    )
    first = pooled(fold_results(protocol, folder, folder / "work", 1, 2))
    before = {file: file.stat().st_mtime_ns for file in (folder / "work").rglob("*")}
    again = pooled(fold_results(protocol, folder, folder / "work", 1, 2))
    changed = sum(before.get(file) != file.stat().st_mtime_ns for file in (folder / "work").rglob("*"))
    other = dataclasses.replace(protocol, corpus="cremad")
    try:
        fold_results(other, folder, folder / "work", 1, 0)
        refused = ""
    except UsageError as exc:
        refused = str(exc)
    alone = Protocol(corpus="cremad", start=_START, tuned=False)
    whole = pooled(fold_results(alone, folder, folder / "work", 1, 0))["6 labels"]
    return first, again, changed, [refused, str(whole["clips"])]


def test_fold_is_tuned_and_tested(tmp_path: Path) -> None:
    """Its labels may be others than the six, rows merge them; a finished fold is not repeated."""
    layouts.cremad(tmp_path / "cremad")
    layouts.emodb(tmp_path / "emodb")
    first, again, changed, refused = with_tensorflow(third_fold, tmp_path)
    assert first == again
    assert changed == 0
    assert refused[0] == "recipe small: trains on cremad, expected one that does not"
    assert int(refused[1]) == 6  # a fold of the recipe itself, tested on its speaker
    # Speaker 13 alone is tested: a clip of each of six emotions and of boredom.
    assert (first["seven"]["clips"], first["seven"]["speakers"]) == (3, 1)
    assert first["merged"]["clips"] == 3
    assert np.array(first["merged"]["confusion"]).shape == (2, 2)
    assert first["merged"]["folds"] == [pytest.approx(first["merged"]["uar"], abs=1e-3)]


def refused() -> str:
    """The refusal of an unknown protocol."""
    from convert.evaluate.protocols import protocol  # noqa: PLC0415 - only in a process with TensorFlow

    try:
        protocol("none")
    except UsageError as exc:
        return str(exc)
    return ""


def test_protocol_unknown() -> None:
    """It is refused by name."""
    assert with_tensorflow(refused) == "protocol 'none': expected one of ravdess, emodb, cremad"
