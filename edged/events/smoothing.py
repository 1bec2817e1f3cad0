"""What windows say to what the last seconds say: shares by label.

    (at, place of the label, scores) of each window of speech ──majority, exponential or bayesian──► shares (n_labels,)

``majority``: of the windows in the span, those that each label won.  ``exponential``: a mean of scores that forgets.
``bayesian``: how likely each mood is after all windows so far, by the forward algorithm of a hidden Markov model
(Rabiner 1989): a mood lasts ``lasts`` on average and then gives way to one of those that are expected here, and each
window is evidence of the stride that it newly heard.  All three are followed, since the config may change its mind.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edged.features.geometry import GEOMETRY

Floats = NDArray[np.float32]
Kind = Literal["bayesian", "exponential", "majority"]
_WINDOW = round(GEOMETRY.window_s * GEOMETRY.sample_rate_hz)
_MIN_PRIOR = 0.01  # what is not expected at all is rare and not impossible
_MIN_SCORE = 1e-4  # a score below it is not evidence but rounding: no window rules a mood out alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How it is smoothed; counts are samples."""

    kind: Kind
    span: int
    lasts: int
    stride: int  # of the windows
    expected: Floats  # (n_labels,) shares of moods, sum 1, before anything was heard


class Smoothing:
    """The last seconds of speech."""

    def __init__(self, settings: Settings) -> None:
        self.change(settings)
        self.recent: deque[tuple[int, int, Floats]] = deque()  # (at, place of the label, scores) within the span
        self._average: Floats | None = None
        self._belief = self._usual

    def change(self, settings: Settings) -> None:
        """Goes on with other settings; what was heard stays."""
        self._kind, self.span, self._lasts = settings.kind, settings.span, settings.lasts
        self._new = np.float32(min(1.0, settings.stride / _WINDOW))
        # Half way (by a geometric mean) between what is expected and any mood alike: who shouts is believed in time.
        usual = np.sqrt(np.maximum(settings.expected, _MIN_PRIOR))
        self._usual: Floats = np.asarray(usual / usual.sum(), np.float32)

    def forget(self) -> None:
        """Begins anew."""
        self.recent.clear()
        self._average = None
        self._belief = self._usual

    def shares(self, at: int, label_index: int, scores: Floats) -> Floats:
        """(n_labels,) after one more window: judged ``scores`` (n_labels,) at sample ``at``, won by label ``place``."""
        elapsed = at - self.recent[-1][0] if self.recent else 0
        self.recent.append((at, label_index, scores))
        while at - self.recent[0][0] >= self.span:
            self.recent.popleft()
        self._average = self._averaged(elapsed, scores)
        self._belief = self._believed(elapsed, scores)
        if self._kind == "bayesian":
            return self._belief
        if self._kind == "exponential":
            return self._average
        won = np.bincount([label_index for _, label_index, _ in self.recent], minlength=len(scores))
        return np.asarray(won / len(self.recent), np.float32)

    def _averaged(self, elapsed: int, scores: Floats) -> Floats:
        if self._average is None:
            return scores.copy()
        # The weight of a window is exp(-age / (span / 2)): the mean age is half a span, as in the majority's.
        kept = np.float32(math.exp(-2 * elapsed / self.span))
        return kept * self._average + (1 - kept) * scores

    def _believed(self, elapsed: int, scores: Floats) -> Floats:
        stays = np.float32(math.exp(-elapsed / self._lasts))
        before = stays * self._belief + (1 - stays) * self._usual
        # Windows overlap: of this one a stride had not been heard before, also after a pause, which it mostly shows.
        found = before * np.maximum(scores, _MIN_SCORE) ** self._new
        return np.asarray(found / found.sum(), np.float32)
