"""Scores of speech and of everything else to the figures by which gates are compared.

scores of speech (n,), of others (m,) ──every threshold──► missed, accepted ──► equal error, threshold, row
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.gate.trials import WINDOWS_PER_HOUR
from edged.features.logmel import Floats

_MAX_POINTS = 200  # of a curve


def curve(speech: Floats, other: Floats) -> tuple[Floats, NDArray[np.float64], NDArray[np.float64]]:
    """Every threshold from which something changes, the share of speech missed and of others accepted with it."""
    thresholds = np.unique(np.concatenate([speech, other, [np.inf]])).astype(np.float32)
    missed = np.searchsorted(np.sort(speech), thresholds, side="left") / len(speech)
    accepted = 1 - np.searchsorted(np.sort(other), thresholds, side="left") / len(other)
    return thresholds, missed, accepted


def equal_error(speech: Floats, other: Floats) -> float:
    """The share of errors where as much speech is missed as of others accepted."""
    _, missed, accepted = curve(speech, other)
    place = int(np.argmin(np.abs(missed - accepted)))
    return float((missed[place] + accepted[place]) / 2)


def threshold(speech: Floats, most_missed: float) -> float:
    """The greatest threshold with which no more than ``most_missed`` of ``speech`` is below it."""
    return float(np.sort(speech)[int(most_missed * len(speech))])


def most_sensitive(other: Floats, most_accepted: float) -> float:
    """The least threshold with which no more than ``most_accepted`` of ``other`` is accepted."""
    descending = np.sort(other)[::-1]
    first_left_out = descending[min(int(most_accepted * len(other)), len(other) - 1)]
    return float(np.nextafter(first_left_out, np.float32(np.inf), dtype=np.float32))


def row(speech: Floats, other: Floats, at: float) -> dict[str, Any]:
    """Equal error, and at the threshold ``at`` what is missed and what is falsely accepted, per hour of no speech."""
    accepted = float((other >= at).mean())
    return {
        "threshold": round(at, 4),
        "equal_error": round(equal_error(speech, other), 4),
        "missed": round(float((speech < at).mean()), 4),
        "accepted": round(accepted, 4),
        "accepted_per_hour": round(accepted * WINDOWS_PER_HOUR, 1),
    }


def thinned(speech: Floats, other: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The curve as (missed, accepted per hour), of a few hundred points at most."""
    _, missed, accepted = curve(speech, other)
    kept = np.unique(np.linspace(0, len(missed) - 1, _MAX_POINTS).astype(int))
    return missed[kept], accepted[kept] * WINDOWS_PER_HOUR
