"""How much the words count, the pool's reliability: bounded by dialogue, and by the negative control.

    scores of MELD's validation sentences (n, 7) ──lowest NLL of scores^w, each label counting the same──► w at most
    validation speakers with their own sentences ──loss of UAR at its 95 % bound below 0.5 points──► w

Text models are calibrated on comments; what is spoken in a room is closer to dialogue.  The exponent that calibrates
their scores there is the upper bound.  Below it, words without emotion must do no harm: of steps of 0.05 the greatest
is taken at which the negative control loses no more than 0.5 points.  It is a single number, chosen on neither test
sentences nor test speakers; no weight of a model comes from MELD.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from convert.text.calibration import balanced
from edged.features.logmel import Floats

_FLOOR = 1e-9


MAX_LOSS = 0.005  # of UAR in the negative control
_STEP = 0.05


def allowed(most: float, lowest_gain: Callable[[float], float]) -> float:
    """The greatest step up to ``most`` until which ``lowest_gain`` of every step is above -0.5 points; 0 if none is."""
    weight = 0.0
    while (following := round(weight + _STEP, 2)) <= most and lowest_gain(following) >= -MAX_LOSS:
        weight = following
    return weight


def transfer(scores: Floats, labels: NDArray[np.int64]) -> float:
    """0 to 1, for ``scores`` (n, 7) of sentences with ``labels`` (n,)."""
    known = np.isfinite(scores).all(axis=1)
    logs = np.log(np.maximum(scores[known].astype(np.float64), _FLOOR))
    truth, weights = labels[known], balanced(labels[known])

    def loss(exponent: float) -> float:
        raised = logs * exponent
        raised -= np.log(np.exp(raised - raised.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True))
        raised -= (logs * exponent).max(axis=1, keepdims=True)
        return float(-raised[np.arange(len(truth)), truth] @ weights)

    return round(float(minimize_scalar(loss, bounds=(0, 1), method="bounded").x), 3)
