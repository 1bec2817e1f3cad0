"""The fused mood of one place, over time: what to publish, and when.

    Fused, now ──► MoodTracker ──► Mood whenever it changes, MoodEvent once a change has held

The state follows at once; an event waits until the mood has held, so that a single word causes none.  Durations are
monotonic; the wall clock is only used for time stamps.
"""

from collections.abc import Iterator
from typing import NamedTuple

from edged.config.hub.structs import Place
from edged.contract.fields import rfc3339
from edged.contract.mood import NONE, Mood, MoodEvent
from edged.host.uuid7 import new_id
from edged.hub.place import Fused
from edged.hub.sentence import sentence

_REFRESH_S = 5.0  # the retained state follows its scores at most this often …
_REFRESH_STEP = 0.05  # … and only if the confidence has moved this far
_REMIND_S = 30.0  # while a mood holds, its sentence is renewed this often


class Now(NamedTuple):
    """Both clocks at one moment."""

    monotonic_s: float
    utc_s: float


class MoodTracker:
    """The mood of the place ``name``, as the hub ``hub`` publishes it."""

    def __init__(self, hub: str, name: str, place: Place) -> None:
        self._hub, self._name, self._place = hub, name, place
        self._emotion = ""
        self._since = Now(0.0, 0.0)
        self._published: Fused | None = None
        self._published_s = 0.0
        self._last_event = NONE

    def change(self, place: Place) -> None:
        """Apply new settings of the place; its mood continues."""
        self._place = place
        self._published = None  # the state may look otherwise: its method, its sources

    @property
    def emotion(self) -> str:
        """The mood that was published last; empty before the first."""
        return self._emotion

    @property
    def is_settled(self) -> bool:
        """Whether nothing is due before the next message: there is no mood, and its end is published."""
        return self._emotion == self._last_event == NONE

    def update(self, fused: Fused, now: Now) -> Iterator[Mood | MoodEvent]:
        """What to publish for ``fused``; call it when a source changed and at least each second."""
        if fused.emotion != self._emotion:
            self._emotion, self._since = fused.emotion, now
        if self._is_news(fused, now):
            self._published, self._published_s = fused, now.monotonic_s
            yield self._mood(fused, now)
        if self._emotion != self._last_event and now.monotonic_s - self._since.monotonic_s >= self._place.hold_s:
            event = self._event(fused, now)
            self._last_event = self._emotion
            yield event

    def _is_news(self, fused: Fused, now: Now) -> bool:
        before = self._published
        if before is None or before.emotion != fused.emotion or _labels(before) != _labels(fused):
            return True
        waited_s = now.monotonic_s - self._published_s
        moved = abs((before.confidence or 0.0) - (fused.confidence or 0.0)) >= _REFRESH_STEP
        return (moved and waited_s >= _REFRESH_S) or (fused.emotion != NONE and waited_s >= _REMIND_S)

    def _mood(self, fused: Fused, now: Now) -> Mood:
        return Mood(
            time=rfc3339(now.utc_s),
            hub=self._hub,
            place=self._name,
            emotion=fused.emotion,
            confidence=_rounded(fused.confidence),
            scores=fused.scores,
            sources=fused.sources,
            agreement=fused.agreement,
            since=rfc3339(self._since.utc_s),
            method=self._place.method,
            sentence=self._sentence(fused, now),
        )

    def _event(self, fused: Fused, now: Now) -> MoodEvent:
        return MoodEvent(
            id=new_id(),
            event_type=fused.emotion,
            previous=self._last_event,
            time=rfc3339(now.utc_s),
            place=self._name,
            confidence=_rounded(fused.confidence),
            scores=fused.scores,
            sources=fused.sources,
            agreement=fused.agreement,
            since=rfc3339(self._since.utc_s),
            sentence=self._sentence(fused, now),
        )

    def _sentence(self, fused: Fused, now: Now) -> str:
        said = {name: source.label for name, source in fused.sources.items()}
        return sentence(fused.emotion, now.monotonic_s - self._since.monotonic_s, said)


def _labels(fused: Fused) -> dict[str, str]:
    return {name: source.label for name, source in fused.sources.items()}


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(min(1.0, score), 4)
