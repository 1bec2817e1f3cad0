"""Keeps the discovery messages of many places current: an announcer for each, on one connection.

received ──topic──► the announcer of its place        birth ──► all of them, and the states repeated once
"""

import time
from collections.abc import Callable, Iterable, Mapping

from edged.contract.topics import Received
from edged.homeassistant.announcer import Announcer, Voice
from edged.homeassistant.discovery import Announcement, Messages

_REPEAT_S = 10.0  # all places hear of one birth within 5 s and ask for the same


class PlaceAnnouncer:
    """A listener of the publisher; ``announcements`` are what to retain, by identifier."""

    def __init__(
        self,
        prefix: str,
        announcements: Mapping[str, Announcement],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prefix = prefix
        self._clock = clock
        self._announcers: dict[str, Announcer] = {}
        self._repeated_s = -_REPEAT_S
        self._is_connected = False
        self.change(announcements)

    def change(self, announcements: Mapping[str, Announcement]) -> None:
        """Publish what is new or differs, once the broker takes it; what is gone is left as the broker has it."""
        self._announcements = announcements
        before = self._announcers
        made = {
            identifier: before.get(identifier) or Announcer(identifier, self._prefix, announcement, clock=self._clock)
            for identifier, announcement in announcements.items()
        }
        self._announcers = made
        self.filters = tuple(dict.fromkeys(one for announcer in made.values() for one in announcer.filters))
        for identifier, announcer in made.items():
            if identifier in before:
                announcer.change(announcements[identifier])
            elif self._is_connected:
                announcer.connected()

    @property
    def largest(self) -> tuple[int, int]:
        """Bytes of the largest message: all of a place in one, and in parts."""
        whole, parts = zip(*self._announcements.values(), strict=True) if self._announcements else ((), ())
        return _largest(whole), _largest(parts)

    def connected(self) -> None:
        """The broker takes messages; it may have forgotten ours."""
        self._is_connected = True
        for announcer in self._announcers.values():
            announcer.connected()

    def lost(self) -> None:
        """The broker is away; what it will hold when it returns is unknown."""
        self._is_connected = False
        for announcer in self._announcers.values():
            announcer.lost()

    def received(self, received: Received) -> None:
        """Queue what is ours; only the place that a topic names, or all at Home Assistant's birth."""
        below = received.topic.removeprefix(f"{self._prefix}/")
        if below == "status":
            for announcer in self._announcers.values():
                announcer.received(received)
        elif len(levels := below.split("/")) > 1 and (one := self._announcers.get(levels[1])):
            one.received(received)

    def tick(self, voice: Voice) -> None:
        """Publish what is due; called between two turns of the hub."""
        once = _RepeatedOnce(voice, self._repeat)
        for announcer in self._announcers.values():
            announcer.tick(once)

    def _repeat(self, voice: Voice) -> None:
        if self._clock() - self._repeated_s >= _REPEAT_S:
            self._repeated_s = self._clock()
            voice.repeat()


def _largest(messages: Iterable[Messages]) -> int:
    return max((len(payload) for one in messages for payload in one.values()), default=0)


class _RepeatedOnce:
    """A publisher whose states are repeated once for all places."""

    def __init__(self, voice: Voice, repeat: Callable[[Voice], None]) -> None:
        self._voice, self._repeat = voice, repeat

    @property
    def max_packet_bytes(self) -> int | None:
        return self._voice.max_packet_bytes

    def fits(self, topic: str, payload: bytes) -> bool:
        return self._voice.fits(topic, payload)

    def refused(self, topic: str, payload: bytes) -> None:
        self._voice.refused(topic, payload)

    def retain(self, topic: str, payload: bytes) -> None:
        self._voice.retain(topic, payload)

    def repeat(self) -> None:
        self._repeat(self._voice)
