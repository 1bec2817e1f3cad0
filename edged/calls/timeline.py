"""Scores of the customer's windows to the line of the timeline: valence, smoothed, with its uncertainty.

    scores (n, n_labels) ──happy less distress──► valence (n,) ──Gaussian over time──► smooth, low, high (n,)

The line is the valence smoothed over about 15 s; the band is the 90 % interval of that local mean, from the scatter of
the windows about it.
"""

from typing import NamedTuple

import numpy as np

from edged.calls.interval import Series
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_SIGMA_S = 5.0
_REACH = 3  # sigmas
_MIN_SCATTER = 0.1  # of a window's valence, however alike its few neighbours are
_90 = 1.645  # standard errors on each side
_POSITIVE = "happy"
_TINY = 1e-12  # where no neighbour has speech there is nothing to divide by


class Line(NamedTuple):
    """One value a window; NaN without speech."""

    smooth: Series
    low: Series
    high: Series


def valence(scores: Floats, labels: tuple[str, ...], distress: Series) -> Series:
    """(n,) from -1 to 1: the positive label's score less ``distress`` (n,)."""
    positive = scores[:, labels.index(_POSITIVE)] if _POSITIVE in labels else np.zeros(len(distress))
    return np.clip(np.asarray(positive, np.float64) - distress, -1, 1)


def line(values: Series, stride_s: float) -> Line:
    """The smoothed line of ``values`` (n,), NaN where a window has no speech, of windows ``stride_s`` apart."""
    reach = max(1, round(_REACH * _SIGMA_S / stride_s))
    offsets_s: Series = np.arange(-reach, reach + 1) * stride_s
    kernel: Series = np.exp(-0.5 * (offsets_s / _SIGMA_S) ** 2)
    speech = ~np.isnan(values)
    known: Series = np.where(speech, values, 0.0)
    weight = np.maximum(_smeared(speech.astype(np.float64), kernel), _TINY)
    smooth = _smeared(known, kernel) / weight
    variance = np.maximum(_smeared(np.square(known), kernel) / weight - smooth**2, 0)
    # Windows overlap, so n of them hold the sound of fewer.
    shared = min(1.0, stride_s / GEOMETRY.window_s)
    squares = np.maximum(_smeared(speech.astype(np.float64), np.asarray(kernel**2, np.float64)), _TINY)
    n_independent = np.maximum(1.0, weight**2 / squares * shared)
    error = _90 * np.sqrt(np.maximum(variance, _MIN_SCATTER**2) / n_independent)
    smooth = np.where(speech, smooth, np.nan)
    return Line(smooth, np.clip(smooth - error, -1, 1), np.clip(smooth + error, -1, 1))


def _smeared(values: Series, kernel: Series) -> Series:
    """(n,) the sum over neighbours, weighted by ``kernel``."""
    full = np.convolve(values, kernel, "full")
    reach = len(kernel) // 2
    return np.asarray(full[reach : reach + len(values)])
