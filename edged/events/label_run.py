"""Consecutive windows in which one label leads, to the figures of their episode.

add(sample count, scores, dimensions) of each window ──► start, mean scores, peak, share of windows with speech
"""

from collections.abc import Mapping

import numpy as np

from edged.features.logmel import Floats


class LabelRun:
    """Windows in which one label leads: at first a candidate, an episode once it has lasted long enough."""

    def __init__(self, label_index: int, at: int, scores: Floats, dimensions: Mapping[str, float]) -> None:
        self.label_index = label_index
        self.start = self.last = at
        self._total = np.zeros_like(scores)
        self._dimensions = dict.fromkeys(dimensions, 0.0)
        self._count = 0
        self.n_silent = 0  # windows without speech in between
        self.peak = 0.0
        self.add(at, scores, dimensions)

    def add(self, at: int, scores: Floats, dimensions: Mapping[str, float]) -> None:
        """Adds one more window, with ``scores`` and ``dimensions`` at sample ``at``."""
        self._total += scores
        for name, value in dimensions.items():
            self._dimensions[name] += value
        self._count += 1
        self.last = at
        self.peak = max(self.peak, float(scores[self.label_index]))

    @property
    def speech(self) -> float:
        """The share of windows since its first that hold speech."""
        return self._count / (self._count + self.n_silent)

    @property
    def mean(self) -> Floats:
        """(n_labels,) mean scores of its windows."""
        return np.asarray(self._total / self._count, np.float32)

    @property
    def dimensions(self) -> dict[str, float]:
        """The mean over its windows, by name."""
        return {name: total / self._count for name, total in self._dimensions.items()}
