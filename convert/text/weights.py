"""How much each label counts in training, and the prior that the scores of such a model contain.

    labels (n,) ──counts^-1/2──► weights (7,), mean weight 1 over the sentences ──counts x weights──► prior (7,)

With weights a model learns the posterior under another prior than the sentences': removing that prior gives scores as
if all labels were equally frequent, which is what fusion multiplies.
"""

import numpy as np
from numpy.typing import NDArray

from convert.text.sentences import TEXT_LABELS

_POWER = 0.5  # 0 leaves the sentences as they are, 1 makes all labels count the same


def label_weights(labels: NDArray[np.int64], power: float = _POWER) -> NDArray[np.float64]:
    """(7,) by label; their mean over all sentences is 1."""
    counts = np.bincount(labels, minlength=len(TEXT_LABELS)).astype(np.float64)
    weights = np.maximum(counts, 1) ** -power
    return np.asarray(weights / (weights * counts).sum() * counts.sum())


def training_prior(labels: NDArray[np.int64], power: float = _POWER) -> NDArray[np.float64]:
    """(7,) the distribution that a model with these weights takes for granted."""
    counts = np.bincount(labels, minlength=len(TEXT_LABELS)).astype(np.float64)
    prior = np.maximum(counts, 1) * label_weights(labels, power)
    return np.asarray(prior / prior.sum())
