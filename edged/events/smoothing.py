"""Scores of windows to shares of the last seconds, by label.

    (sample count, label_index, scores) of each speech window ──majority or bayesian──► shares (n_labels,)

``majority``: the share of windows in the span that each label won.  ``bayesian``: the probability of each emotion given
all windows so far, by the forward algorithm of a hidden Markov model (Rabiner 1989).  An emotion lasts ``lasts`` on
average and then gives way to one drawn from the prior distribution; each window is evidence for the part of its sound
that no window before it contained.  Both are updated with each window, since the config may switch between them.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

Kind = Literal["bayesian", "majority"]
_MIN_PRIOR = 0.01  # an emotion with an expected share of 0 is rare, not impossible
_MIN_SCORE = 1e-4  # smaller scores are rounding errors: no single window may exclude an emotion


@dataclass(frozen=True, slots=True, kw_only=True)
class SmoothingSettings:
    """How scores are smoothed; counts are samples."""

    kind: Kind
    span: int
    lasts: int  # mean length of an emotion
    stride: int  # between windows
    expected: Floats  # (n_labels,) prior distribution of emotions, sum 1


class Smoothing:
    """The last seconds of speech."""

    def __init__(self, settings: SmoothingSettings) -> None:
        self.change(settings)
        self.recent: deque[tuple[int, int, Floats]] = deque()  # (at, label_index, scores) of the windows in the span
        self._posterior = self._prior

    def change(self, settings: SmoothingSettings) -> None:
        """Applies new settings; the windows so far still count."""
        self.settings = settings
        # Half way (geometric mean) between the expected and a uniform distribution, so that a few windows of shouting
        # are enough.
        prior = np.sqrt(np.maximum(settings.expected, _MIN_PRIOR))
        self._prior: Floats = np.asarray(prior / prior.sum(), np.float32)

    def forget(self) -> None:
        """Starts from the prior distribution again."""
        self.recent.clear()
        self._posterior = self._prior

    def shares(self, at: int, label_index: int, scores: Floats) -> Floats:
        """(n_labels,) after one more window with ``scores`` (n_labels,) at sample ``at``, won by ``label_index``."""
        elapsed = at - self.recent[-1][0] if self.recent else 0
        self.recent.append((at, label_index, scores))
        while at - self.recent[0][0] >= self.settings.span:
            self.recent.popleft()
        self._posterior = self._updated(elapsed, scores)
        if self.settings.kind == "bayesian":
            return self._posterior
        won = np.bincount([label_index for _, label_index, _ in self.recent], minlength=len(scores))
        return np.asarray(won / len(self.recent), np.float32)

    def _updated(self, elapsed: int, scores: Floats) -> Floats:
        stays = np.float32(math.exp(-elapsed / self.settings.lasts))
        predicted = stays * self._posterior + (1 - stays) * self._prior
        # Windows overlap: only one stride of this window is new, even after a pause, because the pause fills the rest.
        new = np.float32(min(1.0, self.settings.stride / GEOMETRY.window))
        posterior = predicted * np.maximum(scores, _MIN_SCORE) ** new
        return np.asarray(posterior / posterior.sum(), np.float32)
