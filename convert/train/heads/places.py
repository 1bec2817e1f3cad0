"""What a device's adaptation has learned of a place, at random: the shift that it would take off each training window.

    windows of a place ──few or many of them, of usual or unusual emotions──► mean_x, mean_p
    mean_x - mean_p @ offsets - centre ──n / (n + caution)──► shift of the other windows of the place

Heads that are trained on windows without these shifts meet at home what adaptation leaves: errors of few sentences, and
of homes that are angry or sad.  A share of the windows is not adapted, as on a device that has just been switched on.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import LABELS
from convert.recipes.spec import HeadsSpec
from edged.features.logmel import Floats
from edged.models.feature_statistics import FeatureStatistics

_NEUTRAL = LABELS.index("neutral")
_MAIN_SHARE = 0.7  # of a home's usual emotion

Labels = NDArray[np.int64]


def shifts(  # noqa: PLR0913, PLR0917 -- windows, what is known of them, and how they are adapted to
    values: Floats,
    labels: Labels,
    places: NDArray[np.str_],
    known: FeatureStatistics,
    spec: HeadsSpec,
    rng: np.random.Generator,
) -> Floats:
    """(n_windows, n) drawn for ``values`` (n_windows, n); ``places`` (n_windows,) says which belong together."""
    drawn = np.zeros_like(values)
    order = np.argsort(places, kind="stable")
    bounds = np.flatnonzero(places[order][1:] != places[order][:-1]) + 1
    for own in np.split(order, bounds):
        by_label = [own[labels[own] == label] for label in range(len(LABELS))]
        homes = rng.integers(spec.homes, size=len(own))
        for home in range(spec.homes):
            if rng.random() >= spec.unadapted_p:
                drawn[own[homes == home]] = _shift(values, by_label, known, spec, rng)
    return drawn


def _shift(
    values: Floats, by_label: Sequence[Labels], known: FeatureStatistics, spec: HeadsSpec, rng: np.random.Generator
) -> Floats:
    count = int(rng.choice(spec.adapted_to))
    there = np.array([float(len(windows) > 0) for windows in by_label])
    shares = _mixture(spec, rng) * there
    drawn = rng.choice(len(LABELS), count, p=shares / shares.sum())
    windows = [int(rng.choice(by_label[label])) for label in drawn]
    told_apart = np.bincount(drawn, minlength=len(LABELS)) / count
    mixture = spec.certainty * told_apart + (1 - spec.certainty) * usual()
    place = values[windows].mean(axis=0) - mixture @ known.offsets
    return np.asarray(count / (count + spec.caution) * (place - known.centre), np.float32)


def _mixture(spec: HeadsSpec, rng: np.random.Generator) -> NDArray[np.float64]:
    draw = rng.random()
    if draw < spec.neutral_p:
        return usual()
    if draw < spec.neutral_p + spec.balanced_p:
        return np.full(len(LABELS), 1 / len(LABELS))
    return usual(int(rng.integers(len(LABELS))))


def usual(label: int = _NEUTRAL) -> NDArray[np.float64]:
    """(n_labels,) 70 % of ``label``, the rest alike."""
    shares = np.full(len(LABELS), (1 - _MAIN_SHARE) / (len(LABELS) - 1))
    shares[label] = _MAIN_SHARE
    return shares
