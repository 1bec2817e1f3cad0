"""The card's section on goals: what the shipped bundles were to reach, and what the bundle at hand reaches.

metrics, name of a shipped bundle ──► Markdown: measure, goal, result, whether it is reached

The goals were set before the bundles were trained.  Results come from the metrics of the same card.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from convert.card.clip_tables import default_routing
from convert.card.tables import table, title
from convert.score.folds import pooled

Metrics = Mapping[str, Any]
Results = dict[str, float]  # by corpus, or by "" where the measure names it; empty: not measured
_NOTE = """\
Results are those of the tables in this card, of one training, 70 % of a speaker's speech neutral where the device has
adapted. Where a measure has several corpora, the last column names those that reach it. `docs/models.md` says what was
tried for goals that are missed, and has the means over three seeds and the times of a window, which depend on the
machine."""
_SIX, _CALM = "6 labels", "6 labels, calm counts as neutral"  # rows of the protocols
_AFTER = ", after 60 s"


@dataclass(frozen=True, slots=True)
class Goal:
    """One measure."""

    measure: str
    small: float
    large: float
    results: Callable[[Metrics], Results]
    at_most: bool = False  # a smaller result is better
    form: str = ".3f"


def goals_section(name: str, metrics: Metrics) -> str:
    """Of the shipped bundle ``name``; empty for other bundles, whose goals nobody set."""
    if name not in {"small", "large"}:
        return ""
    rows = [row for goal in _GOALS if (row := _row(goal, getattr(goal, name), goal.results(metrics)))]
    return f"## Goals\n\n{_NOTE}\n\n{table(['measure', 'goal', 'result', 'reached'], rows)}"


def _row(goal: Goal, limit: float, results: Results) -> list[str]:
    if not results:
        return []
    limits = f"{'at most' if goal.at_most else 'at least'} {limit:g}"
    reached = {corpus: value <= limit if goal.at_most else value >= limit for corpus, value in results.items()}
    cells = [f"{corpus} {value:{goal.form}}".strip() for corpus, value in results.items()]
    some = ", ".join(corpus for corpus, is_reached in reached.items() if is_reached)
    return [goal.measure, limits, ", ".join(cells), "yes" if all(reached.values()) else some or "no"]


def _clips(corpus: str) -> Callable[[Metrics], Results]:
    """UAR of all clips, before adaptation."""
    return lambda metrics: _one(_rows(metrics).get(corpus, {}).get("uar"))


def _after(corpus: str, seconds: int) -> Callable[[Metrics], Results]:
    """UAR after ``seconds`` of the speaker."""

    def results(metrics: Metrics) -> Results:
        group = metrics["adaptation"].get(corpus)
        return _one(group["priors"]["neutral"].get(str(seconds)) if group else None)

    return results


def _folds(corpus: str, row: str) -> Callable[[Metrics], Results]:
    """UAR over all speakers of a corpus, fold by fold."""

    def results(metrics: Metrics) -> Results:
        protocol = metrics.get("protocols", {}).get(corpus)
        return _one(pooled(protocol["folds"]).get(row, {}).get("uar") if protocol else None)

    return results


def _worst(metrics: Metrics) -> Results:
    """The lowest UAR of a corpus that was never trained on, before adaptation."""
    uars = {name: row["uar"] for name, row in _rows(metrics).items() if name in _corpora(metrics, known=False)}
    worst = min(uars, key=lambda name: uars[name], default=None)
    return {} if worst is None else {title(worst): uars[worst]}


def _ece(*, known: bool) -> Callable[[Metrics], Results]:
    """The calibration error after a minute."""
    return lambda metrics: {
        title(name): metrics["adaptation"][name]["ece"]["neutral"]["60"] for name in _corpora(metrics, known=known)
    }


def _episodes(corpus: str, kind: str, measure: str) -> Callable[[Metrics], Results]:
    """Of long recordings, with adaptation and the default tracker."""

    def results(metrics: Metrics) -> Results:
        wanted = (corpus, kind, True)
        rows = metrics["stream"]["rows"]
        return _one(
            next((row[measure] for row in rows if (row["group"], row["kind"], row["adaptation"]) == wanted), None)
        )

    return results


def _worst_mixture(*, known: bool) -> Callable[[Metrics], Results]:
    """Points of UAR that the worst mixture of emotions leaves after half an hour, against no adaptation."""

    def results(metrics: Metrics) -> Results:
        groups = {name: metrics["adaptation"][name]["priors"] for name in _corpora(metrics, known=known)}
        return {
            title(name): 100 * (min(row["1800"] for row in priors.values()) - priors["neutral"]["0"])
            for name, priors in groups.items()
        }

    return results


def _worst_hour(*, known: bool) -> Callable[[Metrics], Results]:
    """Points of UAR that are left after an hour of the emotion that costs most, against no adaptation."""

    def results(metrics: Metrics) -> Results:
        groups = {name: metrics["adaptation"][name] for name in _corpora(metrics, known=known)}
        return {
            title(name): 100
            * (min(hour["uar_after"] for hour in group["hour_of"].values()) - group["priors"]["neutral"]["0"])
            for name, group in groups.items()
            if group["hour_of"]
        }

    return results


def _one(value: float | None) -> Results:
    """The result of a measure that names its corpus, or none."""
    return {} if value is None else {"": value}


def _rows(metrics: Metrics) -> dict[str, Any]:
    """The metrics of each corpus, with the routing that the bundle has by default."""
    rows = metrics["rows"]
    return {name: row[default_routing(rows)] for name, row in rows.items()}


def _corpora(metrics: Metrics, *, known: bool) -> list[str]:
    """Those that were trained on, or those that never were, where both clips and adaptation are measured."""
    return [
        name
        for name, row in metrics["rows"].items()
        if bool(row.get("never_trained")) != known and name in metrics["adaptation"]
    ]


_GOALS = (
    Goal("CREMA-D, before adaptation: UAR", 0.66, 0.71, _clips("cremad")),
    Goal("CREMA-D, after 60 s", 0.70, 0.75, _after("cremad", 60)),
    Goal("CREMA-D, fold by fold, before adaptation", 0.66, 0.71, _folds("cremad", _SIX)),
    Goal("RAVDESS, never trained on, before adaptation", 0.45, 0.48, _clips("ravdess")),
    Goal("RAVDESS, after 8 s", 0.52, 0.62, _after("ravdess", 8)),
    Goal("RAVDESS, after 60 s", 0.56, 0.68, _after("ravdess", 60)),
    Goal("nEMO, never trained on, before adaptation", 0.43, 0.46, _clips("nemo")),
    Goal("nEMO, after 8 s", 0.45, 0.50, _after("nemo", 8)),
    Goal("nEMO, after 60 s", 0.48, 0.58, _after("nemo", 60)),
    Goal("EMO-DB, each speaker left out once", 0.82, 0.86, _folds("emodb", _SIX)),
    Goal("EMO-DB, each left out, after 60 s", 0.84, 0.90, _folds("emodb", _SIX + _AFTER)),
    Goal("RAVDESS, trained on, fold by fold, 8 labels", 0.70, 0.78, _folds("ravdess", "8 labels")),
    Goal("RAVDESS, fold by fold, 6 labels", 0.74, 0.82, _folds("ravdess", _CALM)),
    Goal("RAVDESS, fold by fold, 6 labels, after 60 s", 0.78, 0.86, _folds("ravdess", _CALM + _AFTER)),
    Goal("the worst corpus never trained on, before adaptation", 0.40, 0.45, _worst),
    Goal("ECE after 60 s, trained on", 0.04, 0.04, _ece(known=True), at_most=True),
    Goal("ECE after 60 s, never trained on", 0.08, 0.08, _ece(known=False), at_most=True),
    Goal(
        "RAVDESS, false episodes an hour of neutral speech",
        4,
        4,
        _episodes("ravdess", "neutral", "false_per_hour"),
        at_most=True,
        form=".1f",
    ),
    Goal("RAVDESS, passages detected", 0.60, 0.70, _episodes("ravdess", "emotions", "recall")),
    Goal("half an hour of the worst mixture, trained on: points", -2, -2, _worst_mixture(known=True), form="+.1f"),
    Goal("half an hour of the worst mixture, never trained on", 0, 0, _worst_mixture(known=False), form="+.1f"),
    Goal("an hour of the worst emotion, trained on: points", -2, -2, _worst_hour(known=True), form="+.1f"),
    Goal("an hour of the worst emotion, never trained on", 0, 0, _worst_hour(known=False), form="+.1f"),
)
