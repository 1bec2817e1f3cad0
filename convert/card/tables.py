"""Figures to tables in Markdown: the form of all of them, and what the device's baseline is worth.

metrics["heard"] ──► UAR by seconds heard, two speakers in one room, an hour of one mood
"""

from collections.abc import Iterable
from typing import Any

TITLES = {"cremad": "CREMA-D", "emodb": "EMO-DB", "ravdess": "RAVDESS", "nemo": "nEMO", "validation": "validation"}
_MIXTURES = {"neutral": "70 % neutral", "balanced": "balanced", "angry": "70 % angry"}
_PROTOCOL = """\
UAR after the device has heard so many seconds of a speaker, without labels, by the default routing. Each speaker is a
home of its own; half of the clips are learned from, drawn at random and again and again in the mixture named, the other
half are judged, five trials. `validation` is what the baseline's numbers were chosen on, each speaker compared with the
other ones; nothing was chosen with the other rows. 0 s is the device without a baseline."""
_TWO = "\nTwo speakers who take turns, 70 % neutral, one baseline for both:\n"
_HOUR = """
An hour of one mood alone, after five usual minutes: UAR and the recall of that mood before it, after it, and when five
usual minutes have followed (half-life 60 minutes of speech).
"""


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def share(value: float | None) -> str:
    """Three decimals, or a dash where nothing is known."""
    return "-" if value is None else f"{value:.3f}"


def interval(figures: dict[str, Any]) -> str:
    """UAR with its interval."""
    low, high = figures["uar_95"]
    return f"{figures['uar']:.3f} ({low:.3f} to {high:.3f})"


def heard_tables(found: dict[str, Any]) -> str:
    """Of all groups of clips."""
    marks = list(next(iter(found.values()))["mixtures"]["neutral"])
    curves = [
        [TITLES.get(name, name), _MIXTURES[prior_distribution], *(f"{uar:.3f}" for uar in row.values())]
        for name, group in found.items()
        for prior_distribution, row in group["mixtures"].items()
    ]
    turns = {name: group["two_speakers"] for name, group in found.items() if group["two_speakers"]}
    hours = [
        [TITLES.get(name, name), label, *(_three(hour, "uar")), *(_three(hour, "recall"))]
        for name, group in found.items()
        for label, hour in group["hour_of"].items()
    ]
    parts = [_PROTOCOL, "", table(["speakers of", "mixture heard", *(f"{mark} s" for mark in marks)], curves)]
    if turns:
        head = ["speakers of", *(f"{mark} s" for mark in next(iter(turns.values())))]
        rows = [[TITLES.get(name, name), *(f"{uar:.3f}" for uar in row.values())] for name, row in turns.items()]
        parts += [_TWO, table(head, rows)]
    head = ["speakers of", "an hour of", "UAR before", "after", "later", "recall before", "after", "later"]
    return "\n".join([*parts, _HOUR, table(head, hours)])


def _three(hour: dict[str, float], figure: str) -> list[str]:
    return [f"{hour[f'{figure}_{when}']:.3f}" for when in ("before", "after", "later")]
