"""What this room and these voices do to every score, learned without labels and taken off again.

    scores (n_labels,) of each speech window ──log, mean with slow forgetting──► mean
    mean - what other speakers have for the expected mixture of moods ──bounded, n / (n + 8)──► shift
    scores * exp(-shift) ──normalised──► scores

A device hears the same few people in the same room for years, and its largest error is a constant one: this
microphone, this room, these voices push all scores to one side.  In a trained network that constant stands in the mean
of the log scores, as the prior of the classes does (Saerens et al. 2002 re-estimate that prior from unlabelled
outputs).  The mixture of moods that is expected here, mostly neutral, says which part of the mean is mood and stays.
Nobody keeps to that mixture: the bound and the weight keep a short or one-sided acquaintance from inventing a mood that
nobody shows.
"""

import math
from collections.abc import Mapping
from pathlib import Path

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
_MIN_SCORE = 1 / 512  # half of the finest step of an int8 score: below it a log score says nothing
_TOLERANCE = 1e-6
_VERSION = 1
_MAX_BYTES = 65_536  # far more than a file of ours has; `replay --baseline` may name an hour of sound


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file in the state directory."""

    version: int
    bundle: str  # what it was learned with: the bundle's digest, …
    microphone: str  # … and the microphone's name
    labels: tuple[str, ...]
    heard_s: float
    mean: tuple[float, ...]


class Adaptation:
    """Running mean of log scores at one place; one thread, the pipeline, owns it."""

    def __init__(self, labels: tuple[str, ...], moods: Mapping[str, tuple[float, ...]], settings: Settings) -> None:
        """``moods`` are the mean log scores (n_labels,) of validation speakers in each mood, from the bundle.

        Raises:
            ConfigError: ``settings.expected`` is no mixture of ``labels``.
        """
        self._labels = labels
        self._moods = np.array([moods[label] for label in labels])
        self.change(settings)
        self.reset()

    def change(self, settings: Settings) -> None:
        """Goes on with other settings; what was learned stays.

        Raises:
            ConfigError: as above.
        """
        self._expected = np.array(prior_distribution(settings.expected, self._labels)) @ self._moods
        self._half_life_s = 60 * settings.half_life_min
        self._bound = settings.bound
        self.frozen = settings.mode == "frozen"

    def reset(self) -> None:
        """Forgets everything heard."""
        self.heard_s = 0.0  # of speech, after forgetting
        self._mean = np.zeros(len(self._labels))

    @property
    def shift(self) -> NDArray[np.float64]:
        """(n_labels,) nats that are taken off the log scores now."""
        difference = self._mean - self._expected
        bounded = np.clip(difference - difference.mean(), -self._bound, self._bound)
        n_windows = self.heard_s / GEOMETRY.window_s
        return np.asarray(bounded * (n_windows / (n_windows + _CAUTION)))

    @property
    def shift_by_label(self) -> dict[str, float]:
        """The same for people, in nats: a positive one is heard too often here and made less of."""
        return {label: round(float(value), 3) for label, value in zip(self._labels, self.shift, strict=True)}

    def corrected(self, scores: Floats) -> Floats:
        """(..., n_labels) ``scores`` without what this place does to them, sum 1."""
        powered = scores * np.exp(-self.shift)
        return np.asarray(powered / powered.sum(axis=-1, keepdims=True), np.float32)

    def learn(self, scores: Floats, new_s: float) -> None:
        """Takes in the ``scores`` (n_labels,) of a speech window; ``new_s`` of its sound were in no window before.

        Windows overlap: one that brings a sixth of new sound counts as a sixth of an independent one.
        """
        if self.frozen:
            return
        self.heard_s = self.heard_s * 0.5 ** (new_s / self._half_life_s) + new_s
        self._mean += (log_scores(scores) - self._mean) * (new_s / self.heard_s)

    def save(self, file: Path, *, bundle: str, microphone: str) -> None:
        """Writes what was learned, whole or not at all.

        Raises:
            OSError: the file cannot be written.
        """
        kept = _Kept(_VERSION, bundle, microphone, self._labels, self.heard_s, tuple(self._mean.tolist()))
        fresh = file.with_name(f"{file.name}.new")
        fresh.write_bytes(msgspec.json.encode(kept))
        fresh.replace(file)

    def load(self, file: Path, *, bundle: str, microphone: str | None) -> bool:
        """Takes up what ``file`` holds; False where it is of another bundle or, unless None, another microphone.

        Raises:
            OSError: the file cannot be read.
            ModelError: it is not what ``save`` writes.
        """
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES)
        try:
            kept = msgspec.json.decode(content, type=_Kept)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise ModelError(f"{file}: {exc}, expected a baseline that edged wrote") from exc
        if (kept.version, kept.bundle) != (_VERSION, bundle) or microphone not in {None, kept.microphone}:
            return False
        # A mean of logs of scores between 1/512 and 1 is between their logs.
        sound = all(math.log(_MIN_SCORE) - _TOLERANCE <= value <= _TOLERANCE for value in kept.mean)
        if kept.labels != self._labels or len(kept.mean) != len(self._labels) or not sound or not kept.heard_s >= 0:
            raise ModelError(f"{file}: heard_s {kept.heard_s:g}, mean {kept.mean}, expected what edged wrote")
        self.heard_s, self._mean = kept.heard_s, np.array(kept.mean)
        return True


def log_scores(scores: Floats) -> NDArray[np.float64]:
    """(..., n_labels) nats, none below that of half an int8 step."""
    return np.asarray(np.log(np.maximum(scores, _MIN_SCORE, dtype=np.float64)))
