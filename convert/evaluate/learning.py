"""A device that adapts to its place: by the scores of its models, by their features, or by both.

    input of each window (n,) ──learn──► state ──scores──► corrected scores (n_windows, n_labels)

The input is what the device has before any correction: the scores of a bundle without a trunk, or the pooled features
of one with a trunk.
"""

from collections.abc import Callable
from typing import Protocol

from edged.features.logmel import Floats
from edged.models.adaptation import Adaptation
from edged.models.feature_adaptation import FeatureAdaptation

Scoring = Callable[[Floats], Floats]  # features (n_windows, n) to the bundle's scores (n_windows, n_labels)


class Learning(Protocol):
    """A device that has just been switched on."""

    def learn(self, window: Floats, new_s: float) -> None:
        """Learns from the input ``window`` (n,), which brings ``new_s`` seconds of new sound."""

    def scores(self, windows: Floats) -> Floats:
        """(n_windows, n_labels) corrected scores of the inputs ``windows`` (n_windows, n)."""


class ScoreLearning:
    """The baseline on scores alone."""

    def __init__(self, baseline: Adaptation) -> None:
        self._baseline = baseline

    def learn(self, window: Floats, new_s: float) -> None:
        """Learns from the scores ``window`` (n_labels,)."""
        self._baseline.learn(window, new_s)

    def scores(self, windows: Floats) -> Floats:
        """(n_windows, n_labels) ``windows`` without the shift."""
        return self._baseline.corrected(windows)


class FeatureLearning:
    """Adaptation of the features; with the baseline on scores after it where ``baseline`` is given."""

    def __init__(self, adaptation: FeatureAdaptation, scoring: Scoring, baseline: Adaptation | None = None) -> None:
        self._adaptation, self._scoring, self._baseline = adaptation, scoring, baseline

    def learn(self, window: Floats, new_s: float) -> None:
        """Learns from the features ``window`` (n,)."""
        corrected = self._scoring(self._adaptation.corrected(window[None]))
        self._adaptation.learn(window, corrected[0], new_s)
        if self._baseline is not None:
            self._baseline.learn(self._published(window[None], corrected)[0], new_s)

    def scores(self, windows: Floats) -> Floats:
        """(n_windows, n_labels) scores of the corrected features of ``windows`` (n_windows, n)."""
        scores = self._published(windows, self._scoring(self._adaptation.corrected(windows)))
        return scores if self._baseline is None else self._baseline.corrected(scores)

    def corrected(self, windows: Floats) -> Floats:
        """(n_windows, n) ``windows`` without the shift."""
        return self._adaptation.corrected(windows)

    def _published(self, windows: Floats, corrected: Floats) -> Floats:
        return self._adaptation.published(corrected, self._scoring(windows)) if self._adaptation.mixes else corrected
