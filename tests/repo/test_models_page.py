"""Figures in docs/models.md and docs/evaluation.md match the shipped bundle, so a new one leaves no page outdated."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from edged.models.bundle import DEFAULT_BUNDLE

_DOCS = Path(__file__).parents[2] / "docs"
_MODELS = (_DOCS / "models.md").read_text(encoding="utf-8")
_EVALUATION = (_DOCS / "evaluation.md").read_text(encoding="utf-8")
_METRICS: dict[str, Any] = json.loads((DEFAULT_BUNDLE / "bundle.json").read_text(encoding="utf-8"))["metrics"]
_NAMES = {"cremad": "CREMA-D", "emodb": "EMO-DB", "ravdess": "RAVDESS", "nemo": "nEMO"}
_CONDITIONS = ("clean", "noise_10", "noise_0", "room", "telephone", "mp3", "softer")


def rows(page: str, section: str) -> dict[str, list[str]]:
    """Cells of the first table below a heading of a page, by the first word of their row."""
    table = page.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    cells = [
        [cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", table, re.MULTILINE)
    ]
    return {row[0].split()[0].rstrip(","): row for row in cells if row[0].split()[0].rstrip(",") in _NAMES.values()}


def percent(share: float) -> str:
    """A share as the page formats it."""
    return f"{100 * share:.1f} %"


@pytest.mark.parametrize("corpus", _NAMES)
def test_recall_matches_the_bundle(corpus: str) -> None:
    """Speakers, clips, UAR with its interval, UAR after 60 s, of M1 alone, and of the better support vector machine."""
    expected = _METRICS["rows"][corpus]
    whole = expected[expected["default"]]
    low, high = whole["uar_95"]
    machines = [row["uar"] for name, row in expected["svm"].items() if name in {"dct", "mfcc"}]
    assert rows(_MODELS, "How good it is")[_NAMES[corpus]][1:] == [
        f"{whole['speakers']} / {whole['clips']}",
        f"**{whole['uar']:.3f}** ({low:.3f} to {high:.3f})",
        f"{_METRICS['adaptation'][corpus]['priors']['neutral']['60']:.3f}",
        f"{expected['first']['uar']:.3f}",
        f"{max(machines):.3f}",
    ]


@pytest.mark.parametrize("corpus", [name for name in _METRICS["robustness"] if name in _NAMES])
def test_conditions_match_the_bundle(corpus: str) -> None:
    """UAR under each condition with the default routing."""
    expected = _METRICS["robustness"][corpus]["rows"]
    default = _METRICS["rows"][corpus]["default"]
    expected = [f"{expected[condition][default]['uar']:.3f}" for condition in _CONDITIONS]
    assert rows(_EVALUATION, "Robustness")[_NAMES[corpus]][1:] == expected


def test_gate_matches_the_bundle() -> None:
    """The gate's misses and false accepts."""
    section = _EVALUATION.partition("\n## The speech gate\n")[2].partition("\n## ")[0]
    model = _METRICS["gate"]["gates"]["model"]
    assert percent(model["missed"]) in section
    assert percent(model["accepted"]) in section
