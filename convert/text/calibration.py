"""Logits of validation sentences to a temperature and offsets: scores for labels that are all equally frequent.

    logits (n, 7), labels (n,) ──lowest NLL, each label counting the same──► temperature, offsets (7,)
    softmax(logits / temperature + offsets) ──► scores (n, 7)

The offsets remove the sentences' own prior: neutral and joy are two thirds of GoEmotions.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from convert.text.sentences import TEXT_LABELS
from edged.features.logmel import Floats

_COLDEST, _HOTTEST = np.log(0.02), np.log(20)
_RIDGE = 1e-3  # on the offsets, so that their common part stays 0


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns logits into scores."""

    temperature: float
    offsets: tuple[float, ...]

    def scores(self, logits: Floats) -> Floats:
        """(n, 7), each row sums to 1."""
        return np.asarray(np.exp(_log_softmax(logits / self.temperature + np.array(self.offsets))), np.float32)


def calibrated(logits: Floats, labels: NDArray[np.int64]) -> Calibration:
    """The calibration with the lowest balanced NLL of ``logits`` (n, 7) for ``labels`` (n,)."""
    weights = balanced(labels)
    targets = np.eye(len(TEXT_LABELS))[labels]

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        cold = np.exp(-point[0])
        logs = _log_softmax(logits * cold + point[1:])
        error = (np.exp(logs) - targets) * weights[:, None]
        gradient = np.concatenate([[-(error * logits).sum() * cold], error.sum(axis=0) + 2 * _RIDGE * point[1:]])
        return float(-(logs * targets).sum(axis=1) @ weights + _RIDGE * (point[1:] @ point[1:])), gradient

    bounds = [(_COLDEST, _HOTTEST), *[(None, None)] * len(TEXT_LABELS)]
    best = minimize(loss, np.zeros(1 + len(TEXT_LABELS)), jac=True, method="L-BFGS-B", bounds=bounds)
    return Calibration(round(float(np.exp(best.x[0])), 4), tuple(round(float(value), 4) for value in best.x[1:]))


def balanced(labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) weights with which each label that occurs counts the same; their sum is 1."""
    counts = np.bincount(labels, minlength=len(TEXT_LABELS))
    return np.asarray(1 / counts[labels] / (counts > 0).sum(), np.float64)


def _log_softmax(logits: Floats | NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = np.asarray(logits, np.float64) - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
