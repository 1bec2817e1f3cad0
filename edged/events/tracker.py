"""Scores of windows to steady episodes.

    (sample count, label, scores) of each window ──Smoothing──► shares by label ──enter, leave, margin──► episodes

A label enters when its share reaches ``enter``, with ``margin`` over the second label, for ``min_duration``.  During
that time at least ``min_speech`` of the windows must hold speech, because the gate sometimes takes another sound for
speech.  The label leaves when its share falls below ``leave``, when another label enters, when a span passes without
speech, or when sound is lost.  Two thresholds keep an episode from flickering (hysteresis, as in Canny 1986); a label
with a lower ``enter_for`` also leaves no higher than that.  Time is counted in samples throughout.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np

from edged.config.priors import prior_distribution
from edged.config.structs import Config
from edged.events.label_run import LabelRun
from edged.events.smoothing import Smoothing, SmoothingSettings
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

Reason = Literal["faded", "replaced", "silence", "discontinuity", "stopped"]
UNCERTAIN, NONE = "uncertain", "none"


@dataclass(frozen=True, slots=True)
class Began:
    """An episode began."""

    label: str
    start: int  # sample count
    scores: Floats  # (n_labels,) mean over the windows that decided
    previous: str | None  # label of the last episode before
    share: float  # of the label at the window that decided; at least ``enter``
    dimensions: Mapping[str, float] = field(default_factory=dict)  # means over the same windows, as of the bundle


@dataclass(frozen=True, slots=True)
class Ended:
    """The running episode ended."""

    label: str
    start: int
    end: int
    scores: Floats  # (n_labels,) mean over the episode's windows
    peak: float  # greatest score of the label in one window
    reason: Reason
    share: float  # of the label at the last window with speech; below ``leave`` if it has faded
    dimensions: Mapping[str, float] = field(default_factory=dict)  # means over the episode's windows


@dataclass(frozen=True, slots=True)
class State:
    """The state after a window."""

    emotion: str  # the running episode's label; "uncertain" if speech fits no label; "none" without speech
    speech: bool  # in this window
    at: int  # sample count
    since: int
    scores: Floats | None  # (n_labels,) mean over the span; None without speech
    shares: Floats | None  # (n_labels,) what the thresholds are compared with; None without speech


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerSettings:
    """The tracker's section of the config, with times in samples."""

    smoothing: SmoothingSettings
    enter: float
    enter_for: Mapping[str, float]  # by label, where it differs from ``enter``
    leave: float
    margin: float
    min_duration: int
    min_speech: float


def tracker_settings(config: Config, labels: tuple[str, ...]) -> TrackerSettings:
    """The tracker's settings from a config.

    Raises:
        ConfigError: ``baseline.expected`` is no distribution over ``labels``.
    """
    tracker = config.tracker
    return TrackerSettings(
        smoothing=SmoothingSettings(
            kind=tracker.smoothing,
            span=round(tracker.span_s * GEOMETRY.sample_rate_hz),
            lasts=round(tracker.lasts_s * GEOMETRY.sample_rate_hz),
            stride=round(config.models.stride_s * GEOMETRY.sample_rate_hz),
            expected=np.asarray(prior_distribution(config.baseline.expected, labels), np.float32),
        ),
        enter=tracker.enter,
        enter_for=tracker.enter_for,
        leave=tracker.leave,
        margin=tracker.margin,
        min_duration=round(tracker.min_duration_s * GEOMETRY.sample_rate_hz),
        min_speech=tracker.min_speech,
    )


class Tracker:
    """Follows one stream of classified windows; counts are samples, shares and thresholds are in [0, 1]."""

    def __init__(self, labels: tuple[str, ...], settings: TrackerSettings) -> None:
        self._labels = labels
        self._smoothing = Smoothing(settings.smoothing)
        self.change(settings)
        self._candidate: LabelRun | None = None
        self._episode: LabelRun | None = None
        self._previous: str | None = None
        self._speech = False
        self._at = 0
        self._since: tuple[str, int] = (NONE, 0)
        self._shares: Floats | None = None  # (n_labels,) after the last window with speech

    def change(self, settings: TrackerSettings) -> None:
        """Applies new settings from the next window; the running episode and the windows so far stay."""
        self._settings = settings
        self._smoothing.change(settings.smoothing)
        enter = [settings.enter_for.get(label, settings.enter) for label in self._labels]
        self._enter = np.array(enter, np.float32)
        self._leave = np.minimum(self._enter, np.float32(settings.leave))

    def update(
        self,
        at: int,
        label: str | None,
        scores: Floats | None,
        *,
        discontinuous: bool,
        dimensions: Mapping[str, float] = MappingProxyType({}),
    ) -> list[Began | Ended]:
        """The changes by the window at sample ``at``; without speech ``label`` and ``scores`` (n_labels,) are None."""
        changes: list[Began | Ended] = []
        self._at = at
        if discontinuous:
            changes += self._end("discontinuity")
            self._forget()
        self._speech = label is not None and scores is not None
        if label is not None and scores is not None:
            changes += self._follow(at, self._labels.index(label), scores, dimensions)
        elif self._recent and at - self._recent[-1][0] >= self._settings.smoothing.span:
            changes += self._end("silence")
            self._forget()
        elif self._candidate:
            self._candidate.n_silent += 1
        emotion = self._emotion()
        if emotion != self._since[0]:
            self._since = (emotion, self._episode.start if self._episode else at)
        return changes

    def stop(self, reason: Reason = "stopped") -> list[Ended]:
        """Ends the running episode: the source has ended, sound is lost, or the daemon stops."""
        changes = self._end(reason)
        self._forget()
        self._speech = False
        self._since = (NONE, self._at)
        return changes

    @property
    def shown(self) -> tuple[str, bool]:
        """Emotion and speech of ``state``, without the means."""
        return self._since[0], self._speech

    @property
    def state(self) -> State:
        """The state after the last window."""
        emotion, since = self._since
        scores = np.mean([scores for _, _, scores in self._recent], axis=0, dtype=np.float32) if self._recent else None
        return State(emotion, self._speech, self._at, since, scores, self._shares)

    @property
    def _recent(self) -> deque[tuple[int, int, Floats]]:
        return self._smoothing.recent

    def _follow(
        self, at: int, label_index: int, scores: Floats, dimensions: Mapping[str, float]
    ) -> list[Began | Ended]:
        shares = self._shares = self._smoothing.shares(at, label_index, scores)
        changes: list[Began | Ended] = []
        if self._episode:
            if shares[self._episode.label_index] < self._leave[self._episode.label_index]:
                changes += self._end("faded")
            else:
                self._episode.add(at, scores, dimensions)
        leading = self._leading(shares)
        if leading is None or (self._episode and leading == self._episode.label_index):
            self._candidate = None
        elif self._candidate and self._candidate.label_index == leading:
            self._candidate.add(at, scores, dimensions)
        else:
            self._candidate = LabelRun(leading, at, scores, dimensions)
        candidate = self._candidate
        if candidate and self._is_episode(candidate, at):
            changes += self._end("replaced")
            self._episode, self._candidate = candidate, None
            label, share = self._labels[candidate.label_index], float(shares[candidate.label_index])
            began = Began(label, candidate.start, candidate.mean, self._previous, share, candidate.dimensions)
            changes.append(began)
        return changes

    def _is_episode(self, candidate: LabelRun, at: int) -> bool:
        settings = self._settings
        return at - candidate.start >= settings.min_duration and candidate.speech >= settings.min_speech

    def _leading(self, shares: Floats) -> int | None:
        second, first = np.sort(shares)[-2:]
        leading = int(shares.argmax())
        return None if first < self._enter[leading] or first - second < self._settings.margin else leading

    def _emotion(self) -> str:
        if self._episode:
            return self._labels[self._episode.label_index]
        return UNCERTAIN if self._recent else NONE

    def _end(self, reason: Reason) -> list[Ended]:
        if self._episode is None:
            return []
        run, self._episode = self._episode, None
        self._previous = self._labels[run.label_index]
        share = 0.0 if self._shares is None else float(self._shares[run.label_index])
        return [Ended(self._previous, run.start, run.last, run.mean, run.peak, reason, share, run.dimensions)]

    def _forget(self) -> None:
        self._smoothing.forget()
        self._candidate = self._shares = None
