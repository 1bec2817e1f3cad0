"""The card's section on adaptation: UAR by the seconds of speech that the device has adapted to.

metrics["adaptation"] ──► UAR by seconds and prior distribution, two speakers in one room, an hour of one emotion
"""

from collections.abc import Mapping
from typing import Any

from convert.card.tables import table, title

_PRIORS = {"neutral": "70 % neutral", "balanced": "balanced", "angry": "70 % angry", "sad": "70 % sad"}
_PROTOCOL = """\
UAR after the device has adapted to a speaker for the given number of seconds, without labels, with the default routing.
Each speaker is a home with its own device. Half of a speaker's clips are used for adaptation, drawn at random with
replacement from the given prior distribution; the other half are tested. The numbers are pooled over five such splits.
The settings of the adaptation were chosen on `validation`, where each speaker is compared with the other validation
speakers, and on EMOVO where features adapt; nothing was chosen on the other rows. 0 s is the device without
adaptation."""
_TWO = "\nTwo speakers take turns, 70 % neutral, and share one adaptation state:\n"
_HOUR = """
Five ordinary minutes, an hour of a single emotion, then five more ordinary minutes: UAR and the recall of that emotion
before the hour, after it, and at the end (half-life 60 minutes of speech).
"""
_PLOT = "![UAR by seconds of adaptation](adaptation.png)"


def adaptation_section(groups: Mapping[str, Any]) -> str:
    """Markdown for all groups of clips."""
    return f"## Adaptation to a speaker\n\n{_tables(groups)}\n\n{_PLOT}"


def _tables(groups: Mapping[str, Any]) -> str:
    marks = list(next(iter(groups.values()))["priors"]["neutral"])
    curves = [
        [title(name), _PRIORS[prior], *(f"{uar:.3f}" for uar in row.values())]
        for name, group in groups.items()
        for prior, row in group["priors"].items()
    ]
    turns = {name: group["two_speakers"] for name, group in groups.items() if group["two_speakers"]}
    hours = [
        [title(name), label, *(_three(hour, "uar")), *(_three(hour, "recall"))]
        for name, group in groups.items()
        for label, hour in group["hour_of"].items()
    ]
    parts = [_PROTOCOL, "", table(["speakers of", "prior distribution", *(f"{mark} s" for mark in marks)], curves)]
    if turns:
        head = ["speakers of", *(f"{mark} s" for mark in next(iter(turns.values())))]
        parts += [
            _TWO,
            table(head, [[title(name), *(f"{uar:.3f}" for uar in row.values())] for name, row in turns.items()]),
        ]
    head = ["speakers of", "an hour of", "UAR before", "after", "at the end", "recall before", "after", "at the end"]
    return "\n".join([*parts, _HOUR, table(head, hours)])


def _three(hour: Mapping[str, float], metric: str) -> list[str]:
    return [f"{hour[f'{metric}_{when}']:.3f}" for when in ("before", "after", "later")]
