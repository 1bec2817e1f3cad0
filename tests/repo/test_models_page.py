"""Figures in README, docs/models.md, evaluation.md and tuning.md match the bundles that ship: no page is outdated."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from edged.models.bundle import BUNDLES, DEFAULT_BUNDLE

_REPOSITORY = Path(__file__).parents[2]
_MODELS, _EVALUATION, _TUNING = (
    (_REPOSITORY / "docs" / f"{page}.md").read_text(encoding="utf-8") for page in ("models", "evaluation", "tuning")
)
_README = (_REPOSITORY / "README.md").read_text(encoding="utf-8")
_BY_SIZE: dict[str, dict[str, Any]] = {
    size: json.loads((BUNDLES / size / "bundle.json").read_text(encoding="utf-8"))["metrics"]
    for size in ("small", "large")
}
_METRICS = _BY_SIZE[DEFAULT_BUNDLE.name]
_NAMES = {"cremad": "CREMA-D", "emodb": "EMO-DB", "ravdess": "RAVDESS", "nemo": "nEMO"}
_UNSEEN = ("ravdess", "nemo", "emovo")
_ALL_NAMES = {**_NAMES, "emovo": "EMOVO"}
_CONDITIONS = ("clean", "noise_10", "noise_0", "room", "telephone", "mp3", "softer")
_MOODS = ("neutral", "balanced", "angry", "sad")


def table(page: str, section: str) -> list[list[str]]:
    """Cells of the first table below a heading of a page."""
    part = page.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    first = re.search(r"(?:^\|.*\|\n)+", part, re.MULTILINE)
    assert first is not None
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in first[0].splitlines()]


def row(page: str, section: str, start: str) -> list[str]:
    """The other cells of the one row whose first cell begins with ``start``."""
    found = [cells[1:] for cells in table(page, section) if re.match(rf"{re.escape(start)}\b", cells[0])]
    assert len(found) == 1, f"{section}: {start}: {len(found)} rows"
    return found[0]


def percent(share: float) -> str:
    """A share as the pages format it."""
    return f"{100 * share:.0f} %"


def uar(figure: float) -> str:
    """A recall as the pages format it."""
    return f"{figure:.3f}"


def episodes(size: str, group: str, enter: float = 0.6) -> dict[str, Any]:
    """Figures of long recordings of ``group`` with the default tracker except for ``enter``."""
    figures: list[dict[str, Any]] = _BY_SIZE[size]["stream"]["trade_off"]
    wanted = (group, enter, 1.0)
    return next(one for one in figures if (one["group"], one["enter"], one["min_duration_s"]) == wanted)


def after(size: str, corpus: str, seconds: int, mood: str = "neutral") -> float:
    """UAR on ``corpus`` after so much speech of such a mood."""
    figure: float = _BY_SIZE[size]["adaptation"][corpus]["priors"][mood][str(seconds)]
    return figure


@pytest.mark.parametrize("corpus", _NAMES)
def test_recall(corpus: str) -> None:
    """Speakers, clips, UAR with its interval, UAR after 60 s, of M1 alone, and of the better support vector machine."""
    expected = _METRICS["rows"][corpus]
    whole = expected[expected["default"]]
    low, high = whole["uar_95"]
    machines = [one["uar"] for name, one in expected["svm"].items() if name in {"dct", "mfcc"}]
    assert row(_MODELS, "How good it is", _NAMES[corpus]) == [
        f"{whole['speakers']} / {whole['clips']}",
        f"**{uar(whole['uar'])}** ({uar(low)} to {uar(high)})",
        uar(after("small", corpus, 60)),
        uar(expected["first"]["uar"]),
        uar(max(machines)),
    ]


@pytest.mark.parametrize("corpus", _NAMES)
def test_which_to_take(corpus: str) -> None:
    """Both bundles before adaptation and after a minute; the tables of each, also after 8 s."""
    for size in _BY_SIZE:
        curve = [uar(after(size, corpus, seconds)) for seconds in (0, 8, 60)]
        assert row(_MODELS, f"The {size} bundle", _NAMES[corpus])[:3] == curve
    both = [f"{after(size, corpus, 0):.2f}, {after(size, corpus, 60):.2f}" for size in _BY_SIZE]
    assert row(_MODELS, "Which to take, and what adaptation does", _NAMES[corpus]) == both


def test_false_episodes() -> None:
    """In neutral speech, the range over the corpora, in the README too; and without speech."""
    said = row(_MODELS, "Which to take, and what adaptation does", "false episodes an hour")
    for size, cell in zip(_BY_SIZE, said, strict=True):
        neutral = [episodes(size, group)["false_neutral_per_hour"] for group in _ALL_NAMES]
        other = next(
            one["false_per_hour"]
            for one in _BY_SIZE[size]["stream"]["rows"]
            if one["group"] == "other" and one["adaptation"]
        )
        assert re.findall(r"[\d.]+", cell) == [f"{min(neutral):.0f}", f"{max(neutral) + 1e-9:.0f}", f"{other:g}"]
        assert f"{min(neutral):.0f} to {max(neutral) + 1e-9:.0f}" in _README


@pytest.mark.parametrize("size", _BY_SIZE)
@pytest.mark.parametrize("corpus", _ALL_NAMES)
def test_adaptation(size: str, corpus: str) -> None:
    """After a minute and half an hour in each kind of home, and after an hour of the emotion that costs most."""
    hours = _BY_SIZE[size]["adaptation"][corpus]["hour_of"]
    worst = min(hours, key=lambda label: float(hours[label]["uar_after"]))
    assert row(_MODELS, "Adaptation", f"`{size}`, {_ALL_NAMES[corpus]}") == [
        uar(after(size, corpus, 0)),
        *[uar(after(size, corpus, seconds, mood)) for seconds in (60, 1800) for mood in _MOODS],
        f"{uar(hours[worst]['uar_after'])} ({worst})",
    ]


@pytest.mark.parametrize("size", _BY_SIZE)
@pytest.mark.parametrize("corpus", _ALL_NAMES)
def test_episodes(size: str, corpus: str) -> None:
    """Passages detected, episodes that are right, delay, false ones."""
    expected = episodes(size, corpus)
    found, right, delay, false = row(_EVALUATION, "Episodes", f"`{size}`, {_ALL_NAMES[corpus]}")
    assert found == percent(expected["recall"])
    assert right.startswith(percent(expected["precision"]))
    assert delay == f"{expected['delay_s']['median']:.1f} s"
    assert false == f"{expected['false_neutral_per_hour']:.1f}"


@pytest.mark.parametrize("enter", [0.4, 0.5, 0.6, 0.7])
def test_tuning(enter: float) -> None:
    """What another ``enter`` gives on CREMA-D."""
    expected = episodes("small", "cremad", enter)
    cells = [cells for cells in table(_TUNING, "More or fewer events") if cells[0].strip("*") == str(enter)]
    assert cells[0][1:] == [
        percent(expected["recall"]),
        percent(expected["precision"]),
        f"{expected['false_neutral_per_hour']:.1f}" if expected["false_neutral_per_hour"] else "0",
        f"{expected['delay_s']['median']:.1f} s",
    ]


@pytest.mark.parametrize("size", _BY_SIZE)
@pytest.mark.parametrize("corpus", ["emodb", "ravdess", "nemo"])
def test_conditions(size: str, corpus: str) -> None:
    """UAR under each condition with the default routing."""
    expected = _BY_SIZE[size]["robustness"][corpus]["rows"]
    default = _BY_SIZE[size]["rows"][corpus]["default"]
    start = _NAMES[corpus] if size == "small" else f"`{size}`, {_NAMES[corpus]}"
    assert row(_EVALUATION, "Robustness", start) == [uar(expected[name][default]["uar"]) for name in _CONDITIONS]


def test_readme() -> None:
    """UAR of both bundles, on the corpus that they are trained on and on those that they are not."""
    for size, metrics in _BY_SIZE.items():
        clips = {corpus: metrics["rows"][corpus][metrics["rows"][corpus]["default"]]["uar"] for corpus in _ALL_NAMES}
        known = 100 * clips["cremad"], 100 * after(size, "cremad", 60)
        assert re.search(rf"`{size}`[^;]*? {known[0]:.0f}(?: %,| and) {known[1]:.0f} %", _README), size
        unseen = [clips[corpus] for corpus in _UNSEEN], [after(size, corpus, 60) for corpus in _UNSEEN]
        spans = [rf"{100 * min(figures):.0f}\s+to\s+{100 * max(figures):.0f}\s%" for figures in unseen]
        assert re.search(rf"`{size}` {spans[0]}, after a minute {spans[1]}", _README), size


def test_gate() -> None:
    """The gate's misses and false accepts."""
    section = _EVALUATION.partition("\n## The speech gate\n")[2].partition("\n## ")[0]
    model = _METRICS["gate"]["gates"]["model"]
    assert f"{100 * model['missed']:.1f} %" in section
    assert f"{100 * model['accepted']:.1f} %" in section


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("validation speakers", "validation"),
        ("CREMA-D, test speakers", "cremad"),
        ("EMO-DB, two test speakers", "emodb"),
        ("RAVDESS, never trained on", "ravdess"),
        ("nEMO, never trained on", "nemo"),
        ("EMOVO, never trained on", "emovo"),
    ],
)
def test_what_ships_beside_a_retraining(name: str, group: str) -> None:
    """UAR before adaptation and after 60 s."""
    shipped, _ = row(_EVALUATION, "Seeds and folds", name)
    assert shipped == f"{uar(after('small', group, 0))}, {uar(after('small', group, 60))}"


@pytest.mark.parametrize("group", ["ravdess", "emovo"])
def test_long_recordings_beside_a_retraining(group: str) -> None:
    """Passages detected, and false episodes per hour of neutral speech."""
    shipped, _ = row(_EVALUATION, "Seeds and folds", f"{_ALL_NAMES[group]} in long recordings")
    found = episodes("small", group)
    assert shipped == f"{percent(found['recall'])}, {found['false_neutral_per_hour']:g}"
