"""Scores of sentences to metrics: macro-F1, UAR, calibration error, and the recall of each label.

    labels (n,), scores (n, 7), NaN where there was no evidence ──► metrics

A sentence without evidence counts as missed, in every metric but the calibration error.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.score.metrics import confusion, recall, uar
from convert.text.calibration import balanced
from convert.text.sentences import TEXT_LABELS
from edged.features.logmel import Floats

_N_BINS = 15
_LEAST = 1e-9  # of a score, so that its logarithm is finite


def text_metrics(labels: NDArray[np.int64], scores: Floats) -> dict[str, Any]:
    """All metrics of ``scores``."""
    known = np.isfinite(scores).all(axis=1)
    n_labels = len(TEXT_LABELS)
    predictions = np.where(known, np.nan_to_num(scores).argmax(axis=1), n_labels)
    matrix = confusion(labels, predictions, n_labels + 1)[:n_labels]  # the last column: no evidence
    square = np.zeros((n_labels + 1, n_labels + 1), np.int64)
    square[:n_labels] = matrix
    return {
        "sentences": len(labels),
        "no_evidence": round(float(1 - known.mean()), 4),
        "macro_f1": round(macro_f1(square[:n_labels]), 4),
        "uar": round(uar(square), 4),
        "ece": round(balanced_ece(labels[known], scores[known]), 4),
        "recall": {
            label: round(float(value), 4)
            for label, value in zip(TEXT_LABELS, recall(square), strict=False)
            if np.isfinite(value)
        },
    }


def macro_f1(matrix: NDArray[np.int64]) -> float:
    """The mean F1 over the labels that occur, of ``matrix`` (n, n + 1); the last column is no answer."""
    n_labels = len(matrix)
    hits = np.diagonal(matrix[:, :n_labels])
    both = matrix.sum(axis=1) + matrix[:, :n_labels].sum(axis=0)
    occurs = matrix.sum(axis=1) > 0
    return float((2 * hits / np.maximum(both, 1))[occurs].mean()) if occurs.any() else 0.0


def balanced_ece(labels: NDArray[np.int64], scores: Floats) -> float:
    """Expected calibration error in 15 bins, each label counting the same, as in the scores' prior."""
    if not len(labels):
        return 0.0
    weights = balanced(labels)
    confidence, right = scores.max(axis=1), scores.argmax(axis=1) == labels
    bins = np.minimum((confidence * _N_BINS).astype(int), _N_BINS - 1)
    gaps = [abs(float((weights * (right - confidence))[bins == number].sum())) for number in np.unique(bins)]
    return float(sum(gaps))


def balanced_loss(labels: NDArray[np.int64], scores: Floats) -> float:
    """The negative log likelihood in nats, each label counting the same; a sentence without evidence is left out."""
    known = np.isfinite(scores).all(axis=1)
    if not known.any():
        return 0.0
    of_label = scores[known, labels[known]].astype(np.float64)
    return float(-np.log(np.maximum(of_label, _LEAST)) @ balanced(labels[known]))
