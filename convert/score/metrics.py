"""Predictions to metrics: confusion matrices, recalls, and their intervals.

    truth, predictions (n_clips,) ──► confusion (n, n) ──► UAR, WAR, macro-F1, recall by label
    confusion by speaker ──bootstrap over speakers──► 95 % interval of UAR, or of another figure

UAR is the mean recall over the labels that occur.  Clips of one speaker resemble each other, so the bootstrap draws
speakers, not clips.  With two speakers the interval says little, so the number of speakers is reported with it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edged.features.logmel import Floats

_N_DRAWS = 2000
_N_BINS = 15

Counts = NDArray[np.int64]
Bounds = tuple[float, float]  # lower and upper end of a 95 % interval


@dataclass(frozen=True, slots=True)
class Metrics:
    """Those of one classifier on one set of clips."""

    labels: tuple[str, ...]
    matrix: Counts  # (n, n) clips, true label by row
    low: float
    high: float
    n_speakers: int

    @property
    def uar(self) -> float:
        """Unweighted average recall."""
        return uar(self.matrix)

    def as_json(self) -> dict[str, Any]:
        """For the manifest, the card and ``--json``."""
        recalls = recall(self.matrix)
        return {
            "clips": int(self.matrix.sum()),
            "speakers": self.n_speakers,
            "uar": round(self.uar, 4),
            "uar_95": [round(self.low, 4), round(self.high, 4)],
            "war": round(war(self.matrix), 4),
            "recall": {
                label: round(float(value), 4)
                for label, value in zip(self.labels, recalls, strict=True)
                if np.isfinite(value)  # the label occurs
            },
            "confusion": self.matrix.tolist(),
        }


def clip_metrics(
    labels: Sequence[str], truth: Counts, predictions: Counts, speakers: Sequence[str], seed: int = 0
) -> Metrics:
    """The metrics of ``predictions`` where ``truth`` is not -1."""
    by_speaker = speaker_confusions(len(labels), truth, predictions, speakers)
    low, high = interval(by_speaker, seed)
    return Metrics(tuple(labels), by_speaker.sum(axis=0), low, high, len(by_speaker))


def speaker_confusions(n_labels: int, truth: Counts, predictions: Counts, speakers: Sequence[str]) -> Counts:
    """(n_speakers, n_labels, n_labels) counts where ``truth`` (n_clips,) is not -1, by speakers in order of name."""
    known = truth >= 0
    names = np.array(speakers)[known]
    return np.array(
        [
            confusion(truth[known][names == name], predictions[known][names == name], n_labels)
            for name in np.unique(names)
        ],
        np.int64,
    ).reshape(-1, n_labels, n_labels)


def confusion(truth: Counts, predictions: Counts, n_labels: int) -> Counts:
    """(n_labels, n_labels) counts, true label by row."""
    matrix = np.zeros((n_labels, n_labels), np.int64)
    np.add.at(matrix, (truth, predictions), 1)
    return matrix


def recall(matrix: Counts) -> NDArray[np.float64]:
    """(..., n_labels) share of each label's clips that were recognised; NaN for a label without clips."""
    totals = matrix.sum(axis=-1)
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    return np.where(totals > 0, hits / np.maximum(totals, 1), np.nan)


def uar(matrix: Counts) -> float:
    """Unweighted average recall, over the labels that occur; 0 where none does."""
    recalls = recall(matrix)
    return float(np.nanmean(recalls)) if np.isfinite(recalls).any() else 0.0


def war(matrix: Counts) -> float:
    """Share of all clips that were recognised."""
    return float(np.trace(matrix) / max(1, matrix.sum()))


def macro_f1(matrix: Counts) -> NDArray[np.float64]:
    """(...) mean F1 over the labels that occur, of confusions (..., n, n); 0 where none does."""
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    totals = matrix.sum(axis=-2) + matrix.sum(axis=-1)
    occur = matrix.sum(axis=-1) > 0
    scores = np.where(occur, 2 * hits / np.maximum(totals, 1), 0)
    return np.asarray(scores.sum(axis=-1) / np.maximum(occur.sum(axis=-1), 1), np.float64)


def interval(by_speaker: Counts, seed: int = 0) -> Bounds:
    """95 % interval of UAR over drawn speakers, from ``by_speaker`` (n_speakers, n, n)."""
    return interval_of(lambda matrices: np.nanmean(recall(matrices), axis=1), by_speaker, seed)


def interval_of(figure: Callable[[Counts], NDArray[np.float64]], by_speaker: Counts, seed: int = 0) -> Bounds:
    """95 % interval of a figure over drawn speakers, from their counts (n_speakers, ...).

    ``figure`` gets the sums over the speakers of each draw (n_draws, ...) and returns (n_draws,).
    """
    if not by_speaker.sum():
        return 0.0, 0.0
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(by_speaker), np.full(len(by_speaker), 1 / len(by_speaker)), _N_DRAWS)
    low, high = np.percentile(figure(np.tensordot(drawn, by_speaker, axes=1)), [2.5, 97.5])
    return float(low), float(high)


def top(truth: Counts, scores: Floats, count: int) -> float:
    """Share of clips whose true label is among the ``count`` greatest of ``scores`` (n, n_labels)."""
    known = truth >= 0
    return float(among_top(truth[known], scores[known], count).mean()) if known.any() else 0.0


def top_by_speaker(truth: Counts, scores: Floats, count: int, speakers: Sequence[str]) -> Counts:
    """(n_speakers, 2) clips as ``top`` counts them, and all clips, where ``truth`` is not -1."""
    known = truth >= 0
    names, hits = np.array(speakers)[known], among_top(truth[known], scores[known], count)
    return np.array([[hits[names == name].sum(), (names == name).sum()] for name in np.unique(names)], np.int64)


def among_top(truth: Counts, scores: Floats, count: int) -> NDArray[np.bool_]:
    """(n,) whether a clip's true label is among the ``count`` greatest of its ``scores`` (n, n_labels)."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    return np.asarray((best == truth[:, None]).any(axis=1), np.bool_)


def calibration_error(truth: Counts, scores: Floats) -> float:
    """Expected calibration error in 15 bins: the mean distance between confidence and accuracy."""
    bins = reliability(truth, scores)
    total = sum(count for _, _, count in bins)
    return sum(count / total * abs(right - confidence) for confidence, right, count in bins)


def reliability(truth: Counts, scores: Floats) -> list[tuple[float, float, int]]:
    """By bin of confidence that has clips: mean confidence, accuracy, clips."""
    confidence, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    bins = np.minimum((confidence * _N_BINS).astype(int), _N_BINS - 1)
    inside = [bins == number for number in np.unique(bins)]
    return [(float(confidence[here].mean()), float(right[here].mean()), int(here.sum())) for here in inside]
