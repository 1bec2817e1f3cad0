"""Messages in the order of sending, bounded, until the broker has acknowledged them.

    put ──► waiting, in order ──following, sent(mid)──► in flight ──acknowledged(mid)──► gone, or history on disk
                    ▲                                      │
                    └───────── lost: the connection ───────┘

Of a state only the newest payload waits, of events all.  A moment counts now or never: it waits for room, but not for a
broker that is away.  The outbox decides what is in flight, not paho, whose full queue refuses the newest message and
which repeats outdated states after a reconnect.  With a journal every event is also on disk until it is acknowledged.
The outbox is used under the publisher's lock.  Ages are monotonic, so a wrong wall clock loses no event.
"""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from itertools import count

from edged.config.structs import Config
from edged.contract.health import OutboxMetrics
from edged.host.state_dir import state_folder
from edged.outbox.database import FILE
from edged.outbox.journal import Journal
from edged.outbox.ledger import fresh_seq
from edged.outbox.message import Message

_LATENCIES = 200  # events whose latency is remembered
_NO_NUMBER = -1
_MAX_MOMENTS = 100  # waiting ones; the oldest is dropped first
_DAY_S = 86_400


class Outbox:
    """Messages that are not acknowledged yet.

    At most ``limit`` events wait, ``limit_mb`` megabytes together, none longer than ``limit_s``.  Beyond that the
    oldest is dropped, and ``dropped`` counts it.  Messages in flight stay: they may have arrived.
    """

    def __init__(
        self,
        *,
        limit: int = 1000,
        limit_mb: float = math.inf,
        limit_s: float = math.inf,
        in_flight_limit: int = 20,
        journal: Journal | None = None,
    ) -> None:
        self._limit = limit
        self._limit_bytes = limit_mb * 1e6
        self._limit_s = limit_s
        self._in_flight_limit = in_flight_limit
        self._journal = journal
        self._seqs = count(fresh_seq(time.time()))  # without a journal
        self._numbers = count()
        self._waiting: OrderedDict[int, Message] = OrderedDict()  # by number, in the order of sending
        self._n_events = self._n_bytes = 0  # of waiting events
        self._due: dict[str | int, int] = {}  # a state's topic or a moment's number, to its number in _waiting
        self._retained: dict[str, Message] = {}  # newest state by topic, for the life of the process
        self._next = 0  # number of the message last returned by ``following``
        self._in_flight: dict[int, Message] = {}  # by mid, in the order of sending
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)
        self.dropped = 0

    def open(self, on_change: Callable[[], None]) -> None:
        """Open the journal, if there is one; it calls ``on_change`` when more may be sent."""
        if self._journal is not None:
            self._journal.open(on_change)
            self.adopt()

    def flush(self) -> None:
        """Let the journal write now, without waiting for it."""
        if self._journal is not None:
            self._journal.flush()

    def close(self) -> None:
        """Let the journal write the rest."""
        if self._journal is not None:
            self._journal.close()

    def __len__(self) -> int:
        """Number of unacknowledged messages."""
        return len(self._waiting) + len(self._in_flight)

    @property
    def on_disk(self) -> bool:
        """Whether waiting events survive the process."""
        return self._journal is not None and not self._journal.trouble

    def metrics(self) -> OutboxMetrics:
        """For the health message; callable from any thread, since each copy below is atomic."""
        events = [message for message in (*self._in_flight.values(), *self._waiting.values()) if message.is_event]
        latencies = sorted(self._latencies)
        oldest_s = max((time.monotonic() - message.put_s for message in events), default=0.0)
        return OutboxMetrics(
            depth=len(events),
            oldest_s=round(max(0.0, oldest_s), 3),
            dropped=self.dropped,
            on_disk=self.on_disk,
            fault="" if self._journal is None else self._journal.trouble,
            set_aside="" if self._journal is None else self._journal.set_aside,
            latency_p50_s=_percentile(latencies, 50),
            latency_p95_s=_percentile(latencies, 95),
        )

    def next_seq(self) -> int:
        """The sequence number for the next event."""
        return next(self._seqs) if self._journal is None else self._journal.next_seq()

    def put(self, message: Message) -> None:
        """Append a message; a state replaces the one that waits on the same topic."""
        if message.is_event:
            if self._journal is not None:
                self._journal.put(message)
            self._n_events += 1
            self._n_bytes += message.size
        elif message.retained:
            self._waiting.pop(self._due.get(message.topic, _NO_NUMBER), None)
            self._retained[message.topic] = message
        else:
            self.forget_moments(_MAX_MOMENTS - 1)
        self._append(message)
        self._bound()

    def forget_moments(self, most: int = 0) -> None:
        """Drop all but the newest ``most`` waiting moments."""
        moments = [key for key in self._due if isinstance(key, int)]
        for number in moments[: max(0, len(moments) - most)]:
            self._take(number)

    def adopt(self) -> None:
        """Put the events that the journal found on disk before all others."""
        found = [] if self._journal is None else self._journal.found()
        if found:
            self._to_front(found)
            self._bound()

    def lost(self) -> None:
        """The connection is lost: events in flight wait again, marked as late, before all others.

        States do not, since ``renew`` sends the newest ones.
        """
        if self._in_flight:
            again = [message.delayed() for message in self._in_flight.values() if message.is_event]
            self._in_flight.clear()
            self._to_front(again)
            self._bound()

    def renew(self) -> None:
        """Send the newest of each state again: a restarted broker may have forgotten it."""
        for topic, message in self._retained.items():
            if topic not in self._due:
                self._append(message)

    def following(self) -> Message | None:
        """The message to send next; None if nothing waits or enough is in flight.

        States and moments overtake an event that is not on disk yet, so ``health`` can report a hanging disk.
        """
        self._bound()
        if not self._waiting or len(self._in_flight) >= self._in_flight_limit:
            return None
        self._next = next(iter(self._waiting))
        if self._journal is not None and self._waiting[self._next].seq > self._journal.horizon:
            if not self._due:
                return None
            self._next = min(self._due.values())
        return self._waiting[self._next]

    def expiry_s(self, message: Message) -> float | None:
        """Seconds that a broker may keep an event for others: no longer than this device does."""
        if not message.is_event or math.isinf(self._limit_s):
            return None
        return self._limit_s - (time.monotonic() - message.put_s)

    def sent(self, mid: int) -> None:
        """The message last returned by ``following`` is in flight as ``mid``."""
        self._in_flight[mid] = self._take(self._next)

    def leave_out(self) -> None:
        """Drop the message last returned by ``following``: it is too large for the broker."""
        message = self._take(self._next)
        if message.is_event:
            self.dropped += 1
            if self._journal is not None:
                self._journal.removed(message.seq)

    def acknowledged(self, mid: int) -> None:
        """The broker has ``mid``; a mid that is not in flight here is ignored."""
        message = self._in_flight.pop(mid, None)
        if message is not None and message.is_event:
            if message.captured_s is not None:
                self._latencies.append(time.monotonic() - message.captured_s)
            if self._journal is not None:
                self._journal.acknowledged(message.seq)

    def _append(self, message: Message) -> None:
        number = next(self._numbers)
        self._waiting[number] = message
        if not message.is_event:
            self._due[self._key(number, message)] = number

    @staticmethod
    def _key(number: int, message: Message) -> str | int:
        return message.topic if message.retained else number

    def _to_front(self, events: Sequence[Message]) -> None:
        for event in reversed(events):
            number = next(self._numbers)
            self._waiting[number] = event
            self._waiting.move_to_end(number, last=False)
            self._n_events += 1
            self._n_bytes += event.size

    def _take(self, number: int) -> Message:
        message = self._waiting.pop(number)
        if message.is_event:
            self._n_events -= 1
            self._n_bytes -= message.size
        else:
            del self._due[self._key(number, message)]
        return message

    def _bound(self) -> None:
        """Drop the oldest events until the limits hold."""
        while self._n_events:
            number, oldest = next(item for item in self._waiting.items() if item[1].is_event)
            too_old = time.monotonic() - oldest.put_s > self._limit_s
            if not too_old and self._n_events <= self._limit and self._n_bytes <= self._limit_bytes:
                return
            self._take(number)
            self.dropped += 1
            if self._journal is not None:
                self._journal.removed(oldest.seq)


def outbox_for(config: Config) -> Outbox:
    """The outbox of a config: on disk in the state directory, or in memory."""
    own, limit_s = config.outbox, _DAY_S * config.outbox.days
    journal = None
    if own.keep == "disk":
        path = state_folder(config.state_dir) / FILE
        journal = Journal(path, limit=own.events, limit_mb=own.megabytes, limit_s=limit_s, commit_s=own.commit_s)
    return Outbox(limit=own.events, limit_mb=own.megabytes, limit_s=limit_s, journal=journal)


def _percentile(ordered: list[float], percent: int) -> float | None:
    """The percentile by nearest rank; None of an empty list."""
    n_within = -(-len(ordered) * percent // 100)  # rounded up
    return round(ordered[n_within - 1], 4) if ordered else None
