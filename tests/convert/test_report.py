"""Figures to text and pictures: sections for what is there, the same bytes for the same figures."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from convert.card.plots import BASELINE, CONFUSION, RELIABILITY, STREAM, drawn
from convert.card.report import report, sections
from convert.score.rows import judged
from edged.models.bundle import Manifest
from tests.convert.test_rows import raw, windows
from tests.parts.models.bundles import manifest as tiny_manifest

_SURE = np.eye(4) * 0.8 + 0.05
_TRACKER = {"enter": 0.4, "min_duration_s": 3.0}


def point(group: str, enter: float, *, shipped: bool) -> dict[str, Any]:
    """One setting of the tracker on one group."""
    return {
        "group": group, "enter": enter, "leave": enter - 0.1, "min_duration_s": 3.0, "shipped": shipped,
        "recall": 0.5, "precision": 0.6, "emotional": {"precision": 0.5, "recall": 1 - enter},
        "delay_s": {"median": 5.0, "p95": 9.0}, "false_neutral_per_hour": 20 * (1 - enter), "false_other_per_hour": 0.5,
    }  # fmt: skip


def stream() -> dict[str, Any]:
    """One group that meets no goal, and sounds that meet theirs."""
    base = {"from": "sound", "baseline": True, "hours": 1.0, "speech": 0.5, "uncertain": 0.2, "events": 5}
    moods = {
        **base, "group": "c", "kind": "moods", "passages": 10, "precision": 0.5, "recall": 0.4, "recall_95": [0.3, 0.5],
        "within": {"3": {"precision": 0.4, "recall": 0.3}}, "emotional": {"precision": 0.4, "recall": 0.25},
        "false_per_hour": 30.0, "delay_s": {"median": None, "p95": None}, "confidence": 0.5, "right": 0.5,
    }  # fmt: skip
    neutral = {**base, "group": "c", "kind": "neutral", "false_per_hour": 2.5, "recall": 0.7}
    other = {**base, "group": "other", "kind": "other", "false_per_hour": 0.5}
    points = [point("c", 0.4, shipped=True), point("c", 0.6, shipped=False)]
    return {"tracker": _TRACKER, "rows": [moods, neutral, other], "trade_off": points}


def metrics() -> dict[str, Any]:
    """Of four clips, their stream, and what a baseline is worth."""
    row = judged(msgspec.convert(tiny_manifest(), Manifest), raw(_SURE.tolist()), windows())
    heard = {"mixtures": {"neutral": {"0": 0.5, "60": 0.6, "300": 0.7}}, "two_speakers": {}, "hour_of": {}}
    return {
        "rows": {"c": row},
        "heard": {"c": {**heard, "ece": {"neutral": {"60": 0.1, "300": 0.05}}}},
        "stream": stream(),
    }


def test_sections_are_what_is_there() -> None:
    """No empty tables; pictures only where the card shows them."""
    found = metrics()
    told = sections(found)
    assert "runs" not in told
    assert "robust" not in told
    assert {"figures", "ways", "recalls", "tasks", "gender", "confidence", "heard", "stream"} <= told.keys()
    assert "confusion.png" in report(found, pictures=True)
    assert "![" not in report(found)
    assert sections({"stream": stream()}).keys() == {"stream"}


def test_protocols_are_told_fold_by_fold() -> None:
    """The interval is over speakers, the spread over the folds that are there, and what made them stands below."""
    folds = {
        "1": {"commit": "abc", "rows": {"two": {"labels": ["a", "b"], "speakers": {"x": [[3, 1], [0, 4]]}}}},
        "0": {"commit": "def", "rows": {"two": {"labels": ["a", "b"], "speakers": {"y": [[1, 3], [2, 2]]}}}},
    }
    told = sections({"protocols": {"emodb": {"command": "make it", "of": 8, "folds": folds}}})["protocols"]
    assert "| EMO-DB, two | 2 / 16 | 0.625 (0.375 to 0.875) | 2 of 8 | 0.625 ± 0.354 | 0.375 0.875 |" in told
    assert told.splitlines()[-1] == "- EMO-DB: `make it`, at `abc`, `def`"


def test_stream_section_says_which_goals_are_met() -> None:
    """Whichever way they fall, with the figure where they are missed; the default's point is bold."""
    told = sections(metrics())["stream"]
    assert "- 0.5 false episodes an hour without speech or fewer: met on ESC-10 and noises." in told
    assert "- 2 false episodes an hour of neutral speech or fewer: missed on c (2.5)." in told
    assert "| c | **0.4 / 3** |" in told
    assert "| c | sound | yes | 1.0 / 10 | 0.500 | 0.400 (0.300 to 0.500) |" in told


def test_confidence_table() -> None:
    """ECE before and after the device has heard the speaker, and what the margin costs."""
    row = next(line for line in sections(metrics())["confidence"].splitlines() if line.startswith("| c |"))
    assert row.split(" | ")[2:4] == ["0.100", "0.050"]


def test_pictures(tmp_path: Path) -> None:
    """One for each kind of figures, small, and the same bytes again."""
    manifest = msgspec.convert({**tiny_manifest(), "metrics": metrics()}, Manifest)
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        drawn(manifest, tmp_path / name)
    for file in (CONFUSION, RELIABILITY, BASELINE, STREAM):
        content = (tmp_path / "first" / file).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) < 40_000
        assert (tmp_path / "second" / file).read_bytes() == content


def test_pictures_of_nothing(tmp_path: Path) -> None:
    """A bundle without figures has no pictures."""
    drawn(msgspec.convert(tiny_manifest(), Manifest), tmp_path)
    assert not list(tmp_path.iterdir())
