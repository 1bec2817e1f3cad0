"""The constant shift that microphone, room and voices put on all scores: learned without labels, and removed.

    scores (n_labels,) of each speech window ──log, running mean with exponential forgetting──► mean
    mean - mean of other speakers under the prior distribution ──bounded, n / (n + 8)──► shift
    scores * exp(-shift) ──normalised──► scores

A device listens to the same few people in the same room for years, and its largest error is constant: microphone, room
and voices shift all scores in one direction.  In a trained network that constant shows in the mean of the log scores,
like the class prior (Saerens et al. 2002 re-estimate that prior from unlabelled outputs).  The prior distribution of
emotions, mostly neutral, says which part of the mean is emotion and stays.  No home follows it exactly: the bound and
the weight keep a short or one-sided sample of speech from inventing an emotion that nobody shows.
"""

import math
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from edged.config.priors import prior_distribution
from edged.config.structs import Baseline as Settings
from edged.errors import ModelError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

__all__ = ["Adaptation", "Settings", "log_scores"]

_CAUTION = 8.0  # independent windows that weigh as much as the assumption that there is no shift
_MIN_SCORE = 1 / 512  # half of the finest step of an int8 score: below it a log score carries no information
_TOLERANCE = 1e-6
_VERSION = 1


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is saved; older versions wrote the same fields."""

    version: int
    bundle: str  # digest of the bundle that gave the scores, …
    microphone: str  # … and the microphone's name
    labels: tuple[str, ...]
    heard_s: float
    mean: tuple[float, ...]


class Adaptation:
    """Running mean of log scores at one place.  The pipeline's thread owns it."""

    def __init__(
        self, labels: tuple[str, ...], mean_log_scores: Mapping[str, tuple[float, ...]], settings: Settings
    ) -> None:
        """``mean_log_scores`` (n_labels,) are those of validation speakers, by the emotion they show, from the bundle.

        Raises:
            ConfigError: ``settings.expected`` is no distribution over ``labels``.
        """
        self._labels = labels
        self._others = np.array([mean_log_scores[label] for label in labels])
        self.change(settings)
        self.reset()

    def change(self, settings: Settings) -> None:
        """Applies new settings; what was learned stays.

        Raises:
            ConfigError: as above.
        """
        self._expected = np.array(prior_distribution(settings.expected, self._labels)) @ self._others
        self.settings = settings

    def reset(self) -> None:
        """Starts from scratch."""
        self.speech_s = 0.0  # learned from, after forgetting
        self._mean = np.zeros(len(self._labels))

    @property
    def active(self) -> bool:
        """Whether scores are to be corrected."""
        return self.settings.mode != "off"

    @property
    def shift(self) -> NDArray[np.float64]:
        """(n_labels,) nats that are subtracted from the log scores now."""
        difference = self._mean - self._expected
        bound = self.settings.bound
        bounded = np.minimum(np.maximum(difference - difference.sum() / len(difference), -bound), bound)
        n_windows = self.speech_s / GEOMETRY.window_s
        return np.asarray(bounded * (n_windows / (n_windows + _CAUTION)))

    @property
    def shift_by_label(self) -> dict[str, float]:
        """``shift`` by label, in nats: a label with a positive shift wins too often here and is made less likely."""
        return {label: round(float(value), 3) for label, value in zip(self._labels, self.shift, strict=True)}

    def corrected(self, scores: Floats) -> Floats:
        """(..., n_labels) ``scores`` without the shift, sum 1."""
        powered = scores * np.exp(-self.shift)
        return np.asarray(powered / powered.sum(axis=-1, keepdims=True), np.float32)

    def learn(self, scores: Floats, new_s: float) -> None:
        """Learns from the ``scores`` (n_labels,) of a speech window with ``new_s`` seconds that no earlier window had.

        Windows overlap: a window with a sixth of new sound counts as a sixth of an independent one.
        """
        if self.settings.mode != "on":
            return
        half_life_s = 60 * self.settings.half_life_min
        self.speech_s = self.speech_s * 0.5 ** (new_s / half_life_s) + new_s
        self._mean += (log_scores(scores) - self._mean) * (new_s / self.speech_s)

    def encoded(self, *, bundle: str, microphone: str) -> bytes:
        """What was learned, as JSON, with the bundle's digest and the microphone that it belongs to."""
        mean = tuple(self._mean.tolist())
        return msgspec.json.encode(_Stored(_VERSION, bundle, microphone, self._labels, self.speech_s, mean))

    def restore(self, content: bytes, *, bundle: str, microphone: str | None) -> bool:
        """Restores what ``encoded`` returned; False if it belongs to another bundle or another microphone.

        ``microphone`` None accepts any.

        Raises:
            ModelError: ``content`` is not what ``encoded`` returns.
        """
        try:
            stored = msgspec.json.decode(content, type=_Stored)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise ModelError(f"{exc}, expected an adaptation state that edged wrote") from exc
        if (stored.version, stored.bundle) != (_VERSION, bundle) or microphone not in {None, stored.microphone}:
            return False
        # A mean of logs of scores between 1/512 and 1 lies between their logs.
        in_range = all(math.log(_MIN_SCORE) - _TOLERANCE <= value <= _TOLERANCE for value in stored.mean)
        fits = stored.labels == self._labels and len(stored.mean) == len(self._labels)
        if not fits or not in_range or not stored.heard_s >= 0:
            raise ModelError(f"heard_s {stored.heard_s:g}, mean {stored.mean}, expected values that edged wrote")
        self.speech_s, self._mean = stored.heard_s, np.array(stored.mean)
        return True


def log_scores(scores: Floats) -> NDArray[np.float64]:
    """(..., n_labels) the logs of ``scores`` in nats, at least that of half an int8 step."""
    return np.asarray(np.log(np.maximum(scores, _MIN_SCORE, dtype=np.float64)))
