"""Messages from the broker to the hub, bounded before anything else is done with them.

    topic ──paho's thread: known? retained? 4 kB? its budget left?──► queue of the topic ──► taken() in the hub's thread

Each topic has a budget and a short queue of its own, so a flood on one topic does not affect other places.  Payloads
are neither logged nor stored; they are dropped here, or once the hub's thread has read them.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from edged.contract.topics import Received
from edged.mqtt.commands import Bucket

MAX_BYTES = 4096  # of a payload
_BURST, _PER_S = 40, 20.0  # messages of a topic
_MAX_WAITING = 64  # messages of a topic that wait for the hub's thread

Refusal = Literal["retained", "too_large", "too_many"]  # fields of HubInputs


class Taken(NamedTuple):
    """One message, and the monotonic time of its arrival."""

    topic: str
    payload: bytes
    at_s: float


class _Lane:
    """The budget and the queue of one topic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.budget = Bucket(_BURST, _PER_S, clock)
        self.waiting: deque[Taken] = deque()


class Intake:
    """A listener of the publisher."""

    def __init__(self, topics: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        self.filters = tuple(dict.fromkeys(topics))
        self._lanes = {topic: _Lane(clock) for topic in self.filters}
        self._clock = clock
        self._due: deque[_Lane] = deque()  # a lane for each of its waiting messages, in order of arrival
        self._arrived = threading.Event()
        self._first: deque[tuple[str, Refusal]] = deque(maxlen=1000)  # the first refusal of its kind on a topic
        self._named: set[tuple[str, Refusal]] = set()
        self._connection_lost = False
        self.refused: Counter[str] = Counter()  # written by paho's thread alone

    def change(self, topics: Iterable[str]) -> None:
        """Take messages of ``topics`` from now on; topics that stay keep their budget and queue.

        Waiting messages of the others are still taken, by routes that ignore them.
        """
        self.filters = tuple(dict.fromkeys(topics))
        self._lanes = {topic: self._lanes.get(topic) or _Lane(self._clock) for topic in self.filters}

    def connected(self) -> None:
        """Nothing to do: messages arrive by themselves."""

    def lost(self) -> None:
        """Note that messages may be missing from now on."""
        self._connection_lost = True
        self._arrived.set()

    def received(self, received: Received) -> None:
        """Queue a message of a known topic; paho's thread."""
        lane = self._lanes.get(received.topic)
        if lane is None:
            return
        if received.retained:  # old, however new its time says it is
            self._refuse(received.topic, "retained")
        elif len(received.payload) > MAX_BYTES:
            self._refuse(received.topic, "too_large")
        elif not lane.budget.take() or len(lane.waiting) >= _MAX_WAITING:
            self._refuse(received.topic, "too_many")
        else:
            lane.waiting.append(Taken(received.topic, received.payload, self._clock()))
            self._due.append(lane)
            self._arrived.set()

    def wait(self, within_s: float) -> None:
        """Return when something has arrived, or after ``within_s``."""
        self._arrived.wait(within_s)
        self._arrived.clear()

    def taken(self) -> Iterator[Taken]:
        """The messages that wait now, in order of arrival; the hub's thread."""
        for _ in range(len(self._due)):  # not those that arrive meanwhile: other work waits too
            yield self._due.popleft().waiting.popleft()

    def was_lost(self) -> bool:
        """Whether the connection was lost since the last call."""
        lost, self._connection_lost = self._connection_lost, False
        return lost

    def first_refusals(self) -> Iterator[tuple[str, Refusal]]:
        """Topics that had their first refusal of a kind since the last call, for the log."""
        while self._first:
            yield self._first.popleft()

    def _refuse(self, topic: str, refusal: Refusal) -> None:
        self.refused[refusal] += 1
        if refusal != "retained" and (topic, refusal) not in self._named:  # retained states are usual
            self._named.add((topic, refusal))
            self._first.append((topic, refusal))
