"""Keeps what Home Assistant is told of this device at the broker.

    connected ──3 s: what does the broker hold of us?──► following() ──► only what is new or was forgotten
    its birth ──1 to 5 s by chance──► all states once more, then the same

Our own discovery topics stay subscribed to, so that what the broker holds is known without asking.  Whatever came is
left in a deque and looked at in ``tick``, by the pipeline's thread; nothing here waits.  What somebody empties, as Home
Assistant does when its user deletes the device there, is published again only after the next connection or birth.
"""

import logging
import random
import time
from collections import deque
from collections.abc import Callable
from typing import Literal, Protocol

from edged.contract.topics import ONLINE, Received
from edged.homeassistant.discovery import Messages, filters, following, is_ours

_LISTEN_S = 3.0  # from a subscription until all that the broker holds has come
_TURN_S = 5.0  # that Home Assistant is given between two turns of a change
_JITTER_S = (1.0, 5.0)  # after its birth, so that not all devices speak at once
_MAX_HELD = 200  # topics that match ours and are kept in mind; others may write there too
_MAX_QUEUED = 1000  # messages between two ticks

_log = logging.getLogger(__name__)


class Voice(Protocol):
    """What a publisher does for us."""

    def retain(self, topic: str, payload: bytes) -> None:
        """Publish one retained message, if the broker is there."""

    def repeat(self) -> None:
        """Publish all states once more."""


class Announcer:
    """A listener of the publisher's, who is told by ``speak_through`` which that is.

    ``wanted`` gives what is to be retained now; it is asked between all reads of sound, some thirty times a second, so
    it must be quick and read no file.
    """

    def __init__(
        self,
        identifier: str,
        prefix: str,
        wanted: Callable[[], Messages],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identifier, self._prefix = identifier, prefix
        self._birth = f"{prefix}/status"
        self.filters = (self._birth, *filters(identifier, prefix))
        self._wanted = wanted
        self._clock = clock
        self._voice: Voice | None = None
        # What came, in order: messages, and that the connection came or went.
        self._came: deque[Received | Literal["connected", "lost"]] = deque(maxlen=_MAX_QUEUED)
        self._held: dict[str, bytes] = {}
        self._published: Messages | None = None  # as was wanted when it was last looked at
        self._look_s: float | None = None
        self._repeat_s: float | None = None

    def speak_through(self, voice: Voice) -> None:
        """From now on publish by ``voice``."""
        self._voice = voice

    def connected(self) -> None:
        """The broker takes messages; it may have forgotten us."""
        self._came.append("connected")

    def lost(self) -> None:
        """The broker is away; what it will hold when it comes again is not known."""
        self._came.append("lost")

    def received(self, received: Received) -> None:
        """Keep what is ours for the next tick."""
        if received.topic == self._birth or is_ours(received.topic, self._identifier, self._prefix):
            self._came.append(received)

    def tick(self) -> None:
        """Take what came, then do what is due."""
        while self._came:
            self._take(self._came.popleft())
        now_s = self._clock()
        if self._repeat_s is not None and now_s >= self._repeat_s:
            self._repeat_s = None
            self._look_s = now_s
            if self._voice is not None:
                self._voice.repeat()
        if self._look_s is not None and now_s >= self._look_s:
            self._look(now_s)
        elif self._published is not None and self._look_s is None and self._wanted() != self._published:
            self._look(now_s)  # a config read again changed it

    def _take(self, came: Received | Literal["connected", "lost"]) -> None:
        now_s = self._clock()
        if came == "lost":
            self._held.clear()
            self._look_s = self._repeat_s = self._published = None
        elif came == "connected":
            self._look_s = now_s + _LISTEN_S
        elif came.topic == self._birth:
            # A birth that was retained is old: whatever there is to say is said after connecting.
            if came.payload == ONLINE.encode() and not came.retained and self._repeat_s is None:
                self._repeat_s = now_s + random.uniform(*_JITTER_S)  # noqa: S311 -- no secret
        elif came.topic in self._held or len(self._held) < _MAX_HELD:
            self._held[came.topic] = came.payload

    def _look(self, now_s: float) -> None:
        self._published = self._wanted()
        due, again = following(self._published, self._held)
        self._look_s = now_s + _TURN_S if again else None
        if self._voice is None or not due:
            return
        _log.info("Home Assistant: %d discovery messages published", len(due))
        for topic, payload in due.items():
            self._voice.retain(topic, payload)
            self._held[topic] = payload  # as its echo will say, unless the broker forbids us to read it
