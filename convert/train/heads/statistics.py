"""Features of training speakers to what the device's adaptation starts from.

    features (n_windows, n), labels, speakers ──► centre (n,), offsets (n_labels, n), spread (n,)

A speaker's centre is the mean of their features at 70 % neutral and equal shares of all other labels: how people speak
at home.  An offset is how far a label's mean lies from its speaker's centre, on average.
"""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import LABELS
from convert.recipes.spec import HeadsSpec
from convert.train.heads.window_features import WindowFeatures
from edged.features.logmel import Floats
from edged.models.feature_statistics import FeatureStatistics

NEUTRAL_SHARE = 0.7
_NEUTRAL = "neutral"
_MIN_SPREAD = 1e-4


def statistics(features: Sequence[WindowFeatures], spec: HeadsSpec) -> FeatureStatistics:
    """Over the speakers of ``features``."""
    centres, offsets = [], []
    neutral = usual_label(features[0].known)
    for group in features:
        labels, places = group.labels, group.places
        for place in np.unique(places):
            own = places == place
            centre = ordinary_mean(group.values[own], labels[own], neutral)
            centres.append(centre)
            by_label = [group.values[own & (labels == label)] for label in range(len(group.known))]
            offsets.append([_mean(values) - centre for values in by_label])
    return FeatureStatistics(
        centre=np.mean(centres, axis=0, dtype=np.float32),
        offsets=np.nanmean(np.array(offsets), axis=0, dtype=np.float32),
        spread=np.maximum(np.std(centres, axis=0, dtype=np.float32), np.float32(_MIN_SPREAD)),
        caution_s=spec.caution_s,
        prior_weight_s=spec.prior_weight_s,
        power=spec.power,
        share=1.0 if spec.share is None else spec.share,
    )


def usual_label(labels: Sequence[str]) -> int | None:
    """The index of neutral, how people speak most of the time; None where none of ``labels`` is neutral."""
    return labels.index(_NEUTRAL) if _NEUTRAL in labels else None


def ordinary_mean(values: Floats, labels: NDArray[np.int64], neutral: int | None = usual_label(LABELS)) -> Floats:
    """(n,) the mean of ``values`` (n_windows, n) as if 70 % were ``neutral`` and all other labels equally frequent."""
    means = {label: _mean(values[labels == label]) for label in np.unique(labels)}
    usual = None if neutral is None else means.pop(neutral, None)
    if usual is None or not means:
        return np.asarray(values.mean(axis=0), np.float32)
    others = np.mean(list(means.values()), axis=0, dtype=np.float32)
    return np.asarray(NEUTRAL_SHARE * usual + (1 - NEUTRAL_SHARE) * others, np.float32)


def as_file(made: FeatureStatistics) -> bytes:
    """The ``.npz`` file of the bundle."""
    with io.BytesIO() as file:
        np.savez(file, centre=made.centre, offsets=made.offsets, spread=made.spread)
        return file.getvalue()


def _mean(values: Floats) -> Floats:
    """(n,) NaN where there is nothing."""
    if not len(values):
        return np.full(values.shape[1:], np.nan, np.float32)
    return np.asarray(values.mean(axis=0), np.float32)
