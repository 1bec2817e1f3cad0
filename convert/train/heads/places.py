"""What a device's adaptation would have learned of a place, drawn at random: the shift to subtract from each window.

    windows of a place ──few or many of them, of usual or unusual emotions──► mean_x, mean_p
    mean_x - mean_p @ offsets - centre ──n / (n + caution)──► shift of the other windows of the place

Heads that are trained without these shifts never see the errors that adaptation makes at home: after few sentences, and
in homes that are mostly angry or sad.  A share of the windows is not adapted, as on a device just switched on.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import LABELS
from convert.recipes.spec import HeadsSpec
from convert.train.heads.statistics import usual_label
from edged.features.logmel import Floats
from edged.models.feature_statistics import FeatureStatistics

_MAIN_SHARE = 0.7  # of a home's usual emotion

Labels = NDArray[np.int64]


def shifts(  # noqa: PLR0913, PLR0917 -- windows, what is known of them, and how they are adapted to
    values: Floats,
    labels: Labels,
    places: NDArray[np.str_],
    known: FeatureStatistics,
    spec: HeadsSpec,
    rng: np.random.Generator,
    neutral: int | None = usual_label(LABELS),
) -> Floats:
    """(n_windows, n) drawn for ``values`` (n_windows, n); ``places`` (n_windows,) says which belong together.

    ``neutral`` is the index of the label that is most frequent in most homes; None: all labels are equally frequent.
    """
    drawn = np.zeros_like(values)
    n_labels = len(known.offsets)
    order = np.argsort(places, kind="stable")
    bounds = np.flatnonzero(places[order][1:] != places[order][:-1]) + 1
    for own in np.split(order, bounds):
        by_label = [own[labels[own] == label] for label in range(n_labels)]
        homes = rng.integers(spec.homes, size=len(own))
        for home in range(spec.homes):
            if rng.random() >= spec.unadapted_p:
                drawn[own[homes == home]] = _shift(values, by_label, known, spec, rng, neutral)
    return drawn


def _shift(  # noqa: PLR0913, PLR0917 -- as above
    values: Floats,
    by_label: Sequence[Labels],
    known: FeatureStatistics,
    spec: HeadsSpec,
    rng: np.random.Generator,
    neutral: int | None,
) -> Floats:
    n_labels = len(by_label)
    count = int(rng.choice(spec.adapted_to))
    there = np.array([float(len(windows) > 0) for windows in by_label])
    shares = _mixture(spec, rng, neutral, n_labels) * there
    drawn = rng.choice(n_labels, count, p=shares / shares.sum())
    windows = [int(rng.choice(by_label[label])) for label in drawn]
    known_shares = np.bincount(drawn, minlength=n_labels) / count
    mixture = spec.certainty * known_shares + (1 - spec.certainty) * usual(neutral, n_labels)
    place = values[windows].mean(axis=0) - mixture @ known.offsets
    return np.asarray(count / (count + spec.caution) * (place - known.centre), np.float32)


def _mixture(spec: HeadsSpec, rng: np.random.Generator, neutral: int | None, n_labels: int) -> NDArray[np.float64]:
    draw = rng.random()
    if draw < spec.neutral_p:
        return usual(neutral, n_labels)
    if draw < spec.neutral_p + spec.balanced_p:
        return usual(None, n_labels)
    return usual(int(rng.integers(n_labels)), n_labels)


def usual(label: int | None = usual_label(LABELS), n_labels: int = len(LABELS)) -> NDArray[np.float64]:
    """(n_labels,) 70 % of ``label``, the rest alike; all alike where ``label`` is None."""
    if label is None:
        return np.full(n_labels, 1 / n_labels)
    shares = np.full(n_labels, (1 - _MAIN_SHARE) / (n_labels - 1))
    shares[label] = _MAIN_SHARE
    return shares
