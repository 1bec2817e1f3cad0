"""Keeps this device's discovery messages current at the broker.

    connected ──3 s: what does the broker hold?──► next_messages() ──► only what is new, changed or forgotten
    Home Assistant's birth ──1 to 5 s, at random──► all states once more, then the same
    change(messages) ──► the same at once

The device's own discovery topics stay subscribed, so the broker tells what it holds without being asked.  Received
messages wait in a deque until ``tick``, on the pipeline's thread; nothing here blocks.  If somebody empties a topic, as
Home Assistant does when its user deletes the device, it is published again only after the next connection or birth.

One message for a whole device has some 9 kB, and a broker may have a limit.  If it does not fit, each entity gets a
message of its own, and those that do not fit are left out.  Some brokers acknowledge a large message and drop it.  Then
it does not come back to us, while a small one on a topic of the same filter does.
"""

import logging
import random
import time
from collections import deque
from collections.abc import Callable
from typing import Literal, Protocol

from edged.contract.topics import ONLINE, Received
from edged.errors import counted
from edged.homeassistant.discovery import Announcement, Messages, filters, is_ours, next_messages

_LISTEN_S = 3.0  # from subscribing until all retained messages have arrived
_TURN_S = 5.0  # for Home Assistant, between two steps of a migration; for the broker, to send a message back
_JITTER_S = (1.0, 5.0)  # after Home Assistant's birth, so that not all devices publish at once
_MAX_HELD = 200  # topics that match ours and are remembered; others may write there too
_MAX_QUEUED = 1000  # messages between two ticks

_log = logging.getLogger(__name__)


class Voice(Protocol):
    """A publisher, as the announcer needs it."""

    @property
    def max_packet_bytes(self) -> int | None:
        """The largest packet that the broker takes; None if it has no limit, as far as that is known."""

    def fits(self, topic: str, payload: bytes) -> bool:
        """Whether the broker takes a message of this size."""

    def refused(self, topic: str, payload: bytes) -> None:
        """Take note that the broker drops a message of this size."""

    def retain(self, topic: str, payload: bytes) -> None:
        """Publish one retained message, if the broker is connected."""

    def repeat(self) -> None:
        """Publish all states once more."""


class Announcer:
    """A listener of the publisher; ``announcement`` is what to retain."""

    def __init__(
        self,
        identifier: str,
        prefix: str,
        announcement: Announcement,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identifier, self._prefix = identifier, prefix
        self._birth = f"{prefix}/status"
        self._echo = f"{prefix}/sensor/{identifier}/echo/config"  # no entity: its payload is always empty
        self.filters = (self._birth, *filters(identifier, prefix))
        self._announcement = announcement
        self._clock = clock
        self._inbox: deque[Received | Literal["connected", "lost"]] = deque(maxlen=_MAX_QUEUED)  # in order
        self._look_s: float | None = None  # when to compare with what the broker holds
        self._repeat_s: float | None = None  # when to repeat the states
        self._echo_s: float | None = None  # when to look for messages that did not come back
        self._reset()

    def _reset(self) -> None:
        """Forget what the broker is known to hold."""
        self._held: dict[str, bytes] = {}
        self._look_s = self._repeat_s = self._echo_s = None
        self._is_published = False  # since the connection began
        self._limit: int | None = None  # of the broker, when it was last looked at
        self._unechoed: dict[str, bytes] = {}  # published, and not come back
        self._echo_state: Literal["", "sent", "came"] = ""

    def change(self, announcement: Announcement) -> None:
        """Publish what differs in ``announcement``; the pipeline's thread."""
        if announcement != self._announcement:
            self._announcement = announcement
            if self._is_published and self._look_s is None:
                self._look_s = self._clock()

    def connected(self) -> None:
        """The broker takes messages; it may have forgotten ours."""
        self._inbox.append("connected")

    def lost(self) -> None:
        """The broker is away; what it will hold when it returns is unknown."""
        self._inbox.append("lost")

    def received(self, received: Received) -> None:
        """Queue what is ours for the next tick."""
        if received.topic == self._birth or is_ours(received.topic, self._identifier, self._prefix):
            self._inbox.append(received)

    def tick(self, voice: Voice) -> None:
        """Take what was received, then publish what is due; called between two reads."""
        while self._inbox:
            self._take(self._inbox.popleft())
        now_s = self._clock()
        if self._repeat_s is not None and now_s >= self._repeat_s:
            self._repeat_s = None
            self._look_s = now_s
            voice.repeat()
        if self._echo_s is not None and now_s >= self._echo_s:
            self._check_echo(voice, now_s)
        if self._is_published and self._look_s is None and voice.max_packet_bytes != self._limit:
            self._look_s = now_s
        if self._look_s is not None and now_s >= self._look_s:
            self._publish(voice, now_s)

    def _take(self, received: Received | Literal["connected", "lost"]) -> None:
        now_s = self._clock()
        if received == "lost":
            self._reset()
        elif received == "connected":
            self._look_s = now_s + _LISTEN_S
        elif received.topic == self._birth:
            # A retained birth is old: everything is published after connecting anyway.
            if received.payload == ONLINE.encode() and not received.retained and self._repeat_s is None:
                self._repeat_s = now_s + random.uniform(*_JITTER_S)  # noqa: S311 -- no secret
        elif received.topic == self._echo:
            self._echo_state = "came"
        elif received.topic in self._held or len(self._held) < _MAX_HELD:
            self._held[received.topic] = received.payload
            self._unechoed.pop(received.topic, None)

    def _wanted(self, voice: Voice) -> Messages:
        """All in one message if the broker takes it, else one for each entity."""
        whole, parts = self._announcement
        return whole if all(voice.fits(topic, payload) for topic, payload in whole.items()) else parts

    def _publish(self, voice: Voice, now_s: float) -> None:
        self._limit, self._is_published = voice.max_packet_bytes, True
        due, again = next_messages(self._wanted(voice), self._held)
        due = {topic: payload for topic, payload in due.items() if voice.fits(topic, payload)}
        self._look_s = now_s + _TURN_S if again else None
        if not due:
            return
        _log.info("Home Assistant: discovery of %s published, %s", self._identifier, counted(len(due), "message"))
        for topic, payload in due.items():
            voice.retain(topic, payload)
        self._held |= due  # as their echo will say, unless the broker forbids us to read it
        self._unechoed |= {topic: payload for topic, payload in due.items() if payload}
        self._echo_s = now_s + _TURN_S

    def _check_echo(self, voice: Voice, now_s: float) -> None:
        """Distinguish a broker that drops large messages from one that lets us read nothing."""
        self._echo_s = None
        if not self._unechoed:
            self._echo_state = ""
        elif not self._echo_state:
            self._echo_state, self._echo_s = "sent", now_s + _TURN_S
            voice.retain(self._echo, b"")
        elif self._echo_state == "came":
            smallest = min(self._unechoed.items(), key=lambda message: len(message[1]))
            voice.refused(*smallest)
            for topic in self._unechoed:
                self._held.pop(topic, None)
            self._unechoed.clear()
            self._echo_state, self._look_s = "", now_s
