"""Confusions by seed and speaker to the intervals that stand beside WAR, macro-F1 and top-3.

    confusions (n_seeds, n_speakers, n, n) ──bootstrap over speakers──► intervals of the means over seeds

The speakers of a draw are the same for every seed.  UAR has its interval in ``metrics``.
"""

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from convert.score.metrics import Bounds, Counts, interval_of, macro_f1


class Intervals(TypedDict):
    """95 % intervals over speakers; None of one speaker, and where counts by speaker are unknown."""

    war_95: Bounds | None
    macro_f1_95: Bounds | None
    top3_95: Bounds | None


NO_INTERVALS: Intervals = {"war_95": None, "macro_f1_95": None, "top3_95": None}


def intervals(by_seed: Counts, top3: Counts | None) -> Intervals:
    """Of confusions (n_seeds, n_speakers, n, n) and of ``top3`` (n_speakers, 2): hits and clips, summed over seeds."""
    if by_seed.shape[1] < 2:  # noqa: PLR2004 -- one speaker is drawn every time
        return NO_INTERVALS
    by_speaker = by_seed.swapaxes(0, 1)
    return {
        "war_95": interval_of(_war, by_speaker.sum(axis=1)),
        "macro_f1_95": interval_of(lambda drawn: macro_f1(drawn).mean(axis=1), by_speaker),
        "top3_95": None if top3 is None else interval_of(_share, top3),
    }


def _war(drawn: Counts) -> NDArray[np.float64]:
    return np.asarray(np.trace(drawn, axis1=1, axis2=2) / np.maximum(drawn.sum(axis=(1, 2)), 1), np.float64)


def _share(drawn: Counts) -> NDArray[np.float64]:
    return np.asarray(drawn[:, 0] / np.maximum(drawn[:, 1], 1), np.float64)
