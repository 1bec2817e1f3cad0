"""Messages to what may be sent next: bounded, in order, remembered until the broker has acknowledged them.

    put ──► waiting, in order ──following, sent(mid)──► in flight ──acknowledged(mid)──► gone

A retained topic says how things are now, so only its newest payload waits here; an event says what was, so all of them
do.  The outbox decides what is in flight and not paho, whose queue refuses the newest when full, and lets what is
published between the socket's opening and the CONNACK overtake what waited.  It belongs to whoever holds the
publisher's lock; it has no lock and no clock of its own.
"""

from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True, slots=True)
class Message:
    """One message with its whole topic."""

    topic: str
    payload: bytes
    qos: int
    retained: bool


class Outbox:
    """What is not yet acknowledged, in memory.

    ``limit`` events wait at most; when one more comes the oldest goes and ``dropped`` counts it.  Messages in flight
    stay: paho has them, and sends them again itself after a reconnect, before anything new.
    """

    def __init__(self, *, limit: int = 1000, in_flight_limit: int = 20) -> None:
        self._limit = limit
        self._in_flight_limit = in_flight_limit
        self._numbers = count()
        self._waiting: dict[int, Message] = {}  # by number, the oldest first
        self._due: dict[str, int] = {}  # retained topic to the number under which it waits
        self._retained: dict[str, Message] = {}  # by topic: the newest, for as long as the program lives
        self._in_flight: dict[int, Message] = {}  # by mid
        self.dropped = 0

    def __len__(self) -> int:
        """How many messages the broker has not acknowledged."""
        return len(self._waiting) + len(self._in_flight)

    def put(self, message: Message) -> None:
        """Take a message behind all others; of a retained topic it replaces the one that waits."""
        number = next(self._numbers)
        if message.retained:
            self._waiting.pop(self._due.get(message.topic, -1), None)
            self._due[message.topic] = number
            self._retained[message.topic] = message
        elif len(self._waiting) - len(self._due) >= self._limit:
            oldest = next(number for number, waiting in self._waiting.items() if not waiting.retained)
            del self._waiting[oldest]
            self.dropped += 1
        self._waiting[number] = message

    def renew(self) -> None:
        """Let the newest of every retained topic wait again: a broker that restarted may have forgotten it."""
        for topic, message in list(self._retained.items()):
            if topic not in self._due:
                self.put(message)

    def following(self) -> Message | None:
        """What is to be sent next; None when nothing waits or enough is in flight."""
        if not self._waiting or len(self._in_flight) >= self._in_flight_limit:
            return None
        return next(iter(self._waiting.values()))

    def sent(self, mid: int) -> None:
        """What ``following`` gave last is on its way as ``mid``."""
        message = self._waiting.pop(next(iter(self._waiting)))
        if message.retained:
            del self._due[message.topic]
        self._in_flight[mid] = message

    def acknowledged(self, mid: int) -> None:
        """The broker has ``mid``; one that was never in flight here is not ours and is ignored."""
        self._in_flight.pop(mid, None)
