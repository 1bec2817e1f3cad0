"""Scores to arousal (how strong an emotion is) and valence (how pleasant).

    scores by label ──sums over each side──► the side with the greatest sum, or None

Both are dimensions of the circumplex of affect (Russell, 1980, doi 10.1037/h0077714).  They remain useful when the
label itself is uncertain: angry and fear are both strong and unpleasant.  Disgust has medium arousal and counts for
valence only.
"""

from collections.abc import Mapping
from typing import TypeVar

from edged.contract.fields import Arousal, Valence

Side = TypeVar("Side", bound=str)

_AROUSAL: dict[str, Arousal] = {"angry": "high", "fear": "high", "happy": "high", "neutral": "low", "sad": "low"}
_VALENCE: dict[str, Valence] = {
    "angry": "negative",
    "disgust": "negative",
    "fear": "negative",
    "happy": "positive",
    "neutral": "neutral",
    "sad": "negative",
}


def arousal(scores: Mapping[str, float]) -> Arousal | None:
    """The side with the greatest sum; None if no label of ``scores`` has a side, as in a bundle with other labels."""
    return _side(scores, _AROUSAL)


def valence(scores: Mapping[str, float]) -> Valence | None:
    """The side with the greatest sum; None as above."""
    return _side(scores, _VALENCE)


def _side(scores: Mapping[str, float], sides: Mapping[str, Side]) -> Side | None:
    sums: dict[Side, float] = {}
    for label, score in scores.items():
        if label in sides:
            sums[sides[label]] = sums.get(sides[label], 0.0) + score
    return max(sums, key=lambda side: sums[side]) if sums else None
