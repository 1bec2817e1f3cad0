"""The messages of hubs to the mood of each place, and its changes of the last 24 hours.

    <root>/place/+/mood, <root>/place/+/event/mood ──taken──► current(place), history(place, hours)
    <root>/<hub>/availability ──taken──► is_online(place): a mood is valid while its hub is online

Everything is in memory, from the start of this process on, and bounded.  One thread writes and others read.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from edged.contract.mood import Mood, MoodEvent
from edged.contract.topics import AVAILABILITY, ONLINE, Received
from edged.decoding import MALFORMED

MAX_HOURS = 24
_MAX_PLACES = 1000
_MAX_SENDERS = 5000  # hubs and devices whose availability is kept
_MAX_EVENTS = 5000  # of a place: one each 17 s
_MAX_BYTES = 16_384  # of a payload
_KINDS: dict[str, type[Mood | MoodEvent]] = {"mood": Mood, "event/mood": MoodEvent}


class _Kept(NamedTuple):
    event: MoodEvent
    received_s: float  # monotonic


class Moods:
    """The moods, by place."""

    def __init__(self, root: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._root, self._below = f"{root}/", f"{root}/place/"
        self._clock = clock
        self._lock = threading.Lock()
        self._moods: dict[str, Mood] = {}
        self._events: dict[str, deque[_Kept]] = {}
        self._online: dict[str, bool] = {}  # by hub or device
        self.refused = 0  # payloads that are no moods

    def take(self, received: Received) -> None:
        """A message from the broker; anything but moods and availability is ignored."""
        if not received.topic.startswith(self._below):
            self._take_availability(received)
            return
        place, _, kind = received.topic.removeprefix(self._below).partition("/")
        with self._lock:
            if not received.payload:  # the place was removed
                if _KINDS.get(kind) is Mood:
                    self._moods.pop(place, None)
                return
            if kind not in _KINDS or (place not in self._moods and len(self._moods) >= _MAX_PLACES):
                return
            payload = _decoded(received.payload, _KINDS[kind])
            if payload is None or payload.place != place:
                self.refused += 1
            elif isinstance(payload, Mood):
                self._moods[place] = payload
            else:
                kept = self._events.setdefault(place, deque(maxlen=_MAX_EVENTS))
                if all(one.event.id != payload.id for one in kept):  # QoS 1 may bring it twice
                    kept.append(_Kept(payload, self._clock()))

    def lost(self) -> None:
        """The broker cannot be reached: which hubs are online is unknown until it sends that again."""
        with self._lock:
            self._online.clear()

    def is_online(self, place: str) -> bool | None:
        """Whether the hub of ``place`` is online, so that its mood is valid; None where the broker does not say."""
        with self._lock:
            mood = self._moods.get(place)
            return self._online.get(mood.hub) if mood else None

    def places(self) -> list[str]:
        """Every place with a mood, in the order of their names."""
        with self._lock:
            return sorted(self._moods)

    def current(self, place: str) -> Mood | None:
        """The mood of ``place``; None where no hub has published one."""
        with self._lock:
            return self._moods.get(place)

    def history(self, place: str, hours: float) -> list[MoodEvent]:
        """Changes of the last ``hours``, oldest first, by this machine's monotonic clock."""
        since_s = self._clock() - 3600 * hours
        with self._lock:
            return [kept.event for kept in self._events.get(place, ()) if kept.received_s >= since_s]

    def _take_availability(self, received: Received) -> None:
        name, _, kind = received.topic.removeprefix(self._root).partition("/")
        with self._lock:
            if kind == AVAILABILITY.name and (name in self._online or len(self._online) < _MAX_SENDERS):
                self._online[name] = received.payload == ONLINE.encode()


def _decoded(payload: bytes, kind: type[Mood | MoodEvent]) -> Mood | MoodEvent | None:
    if len(payload) > _MAX_BYTES:
        return None
    try:
        return msgspec.json.decode(payload, type=kind)
    except MALFORMED:
        return None
