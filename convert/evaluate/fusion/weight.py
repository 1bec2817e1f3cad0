"""How much the words count: the reliability with which the text's scores are right about sentences of another kind.

    scores of MELD's validation sentences (n, 7) ──lowest NLL of scores^w, each label counting the same──► w

Text models are calibrated on comments; what is spoken in a room is closer to dialogue.  The exponent that makes their
scores true there is what the pool calls reliability.  It is a single number, chosen on neither test sentences nor test
speakers; no weight of a model comes from MELD.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from convert.text.calibration import balanced
from edged.features.logmel import Floats

_FLOOR = 1e-9


def reliability(scores: Floats, labels: NDArray[np.int64]) -> float:
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
