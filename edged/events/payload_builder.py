"""Changes, states and windows to payloads: sample counts become times, arrays become objects by label.

Began, Ended, State, windows (sample counts) ──wall clock at a sample──► payloads (RFC 3339, seconds)
"""

import time
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from edged.contract.fields import DIMENSIONS, rfc3339
from edged.contract.payloads import EmotionState, EpisodeEnd, EpisodeStart, WindowScores
from edged.events import circumplex
from edged.events.tracker import Began, Ended, State
from edged.features.logmel import Floats
from edged.host.uuid7 import new_id


class PayloadBuilder:
    """Knows the sample rate and the wall clock at the newest sound."""

    def __init__(self, labels: tuple[str, ...], sample_rate_hz: int) -> None:
        self._labels = labels
        self._rate_hz = sample_rate_hz
        self._anchor = (0, time.time())
        self._episode_id = ""

    def anchor(self, sample: int, utc_s: float) -> None:
        """``utc_s`` is the wall clock at ``sample``; a clock that jumps moves only later time stamps."""
        self._anchor = (sample, utc_s)

    def event(self, change: Began | Ended) -> EpisodeStart | EpisodeEnd:
        """The event for a change; an end has the episode id of its start."""
        confidence = _rounded(change.scores[self._labels.index(change.label)])
        if isinstance(change, Began):
            self._episode_id = new_id()
            start = EpisodeStart(
                id=new_id(),
                episode_id=self._episode_id,
                event_type=change.label,
                time=self._time(change.start),
                start_s=self._seconds(change.start),
                confidence=confidence,
                probability=_rounded(change.share),
                scores=self._by_label(change.scores),
                previous=change.previous,
            )
            return msgspec.structs.replace(start, **published(change.dimensions))
        end = EpisodeEnd(
            id=new_id(),
            episode_id=self._episode_id,
            event_type=change.label,
            time=self._time(change.end),
            start_s=self._seconds(change.start),
            duration_s=self._seconds(change.end - change.start),
            confidence=confidence,
            confidence_peak=_rounded(change.peak),
            probability=_rounded(change.share),
            scores=self._by_label(change.scores),
            reason=change.reason,
        )
        return msgspec.structs.replace(end, **published(change.dimensions))

    def state(self, state: State, level_dbfs: float) -> EmotionState:
        """The current state."""
        scores = None if state.scores is None else self._by_label(state.scores)
        return EmotionState(
            time=self._time(state.at),
            emotion=state.emotion,
            speech=state.speech,
            since=self._time(state.since),
            confidence=None if scores is None else self.confidence(state),
            probability=None if state.shares is None else self._of_state(state, state.shares),
            scores=scores,
            arousal=None if scores is None else circumplex.arousal(scores),
            valence=None if scores is None else circumplex.valence(scores),
            level_dbfs=round(min(0.0, level_dbfs), 1),
        )

    def confidence(self, state: State) -> float:
        """The score of the state's label, or the greatest score while uncertain; 0 without speech."""
        return 0.0 if state.scores is None else self._of_state(state, state.scores)

    def _of_state(self, state: State, by_label: Floats) -> float:
        """The value in ``by_label`` (n_labels,) for the state's label, or the greatest while uncertain."""
        is_label = state.emotion in self._labels
        return _rounded(by_label[self._labels.index(state.emotion)] if is_label else by_label.max())

    def window(  # noqa: PLR0913 -- the fields of a window
        self,
        start: int,
        end: int,
        *,
        label: str | None,
        scores: Floats | None,
        asked: tuple[str, ...],
        level_dbfs: float,
        discontinuous: bool,
        dimensions: Mapping[str, float] = MappingProxyType({}),
    ) -> WindowScores:
        """A window from sample ``start`` to ``end``; without speech ``label`` and ``scores`` (n_labels,) are None."""
        payload = WindowScores(
            time=self._time(end),
            start_s=self._seconds(start),
            duration_s=self._seconds(end - start),
            speech=False,
            level_dbfs=round(level_dbfs, 1),
            discontinuous=discontinuous,
        )
        if label is None or scores is None:
            return payload
        return msgspec.structs.replace(
            payload,
            speech=True,
            label=label,
            confidence=_rounded(scores[self._labels.index(label)]),
            scores=self._by_label(scores),
            asked=list(asked),
            **published(dimensions),
        )

    def _time(self, sample: int) -> str:
        anchor, utc_s = self._anchor
        return rfc3339(utc_s + (sample - anchor) / self._rate_hz)

    def _seconds(self, count: int) -> float:
        return round(count / self._rate_hz, 3)

    def _by_label(self, scores: Floats) -> dict[str, float]:
        return {label: _rounded(score) for label, score in zip(self._labels, scores.tolist(), strict=True)}


def published(dimensions: Mapping[str, float]) -> dict[str, float]:
    """The payload fields for ``dimensions``; those without a field are not published."""
    return {name: _rounded(dimensions[name]) for name in DIMENSIONS if name in dimensions}


def _rounded(score: float) -> float:
    """Four decimals: an int8 score has no more precision, and payloads stay short."""
    return round(min(1.0, max(0.0, float(score))), 4)
