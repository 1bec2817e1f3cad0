"""Messages to what may be sent next: bounded, in order, remembered until the broker has acknowledged them.

    put ──► waiting, in order ──following, sent(mid)──► in flight ──acknowledged(mid)──► gone, or history on disk
                    ▲                                      │
                    └───────── lost: the connection ───────┘

A state says how things are now, so only its newest payload waits here; an event says what was, so all of them do; a
moment counts now or not at all, so that it waits for room but not for a broker that is away.  The outbox decides what
is in flight and not paho, whose queue refuses the newest when full, and sends again after a reconnect what was true
hours ago.  With a journal every event is also on disk until it is acknowledged.  It belongs to whoever holds the
publisher's lock; ages are those of the monotonic clock: no wall clock set wrong loses an event.
"""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from itertools import count

from edged.config.structs import Config
from edged.contract.payloads import OutboxMetrics
from edged.host.state_dir import state_folder
from edged.outbox.database import FILE
from edged.outbox.journal import Journal, fresh_seq
from edged.outbox.message import Message

_LATENCIES = 200  # events whose way to the broker is remembered
_NO_NUMBER = -1
_MAX_MOMENTS = 100  # that wait; the oldest goes first
_DAY_S = 86_400


class Outbox:
    """What is not yet acknowledged.

    ``limit`` events wait at most, of ``limit_mb`` megabytes together and none longer than ``limit_s``; when one has to
    go it is the oldest, and ``dropped`` counts it.  What is in flight stays: it may have arrived.
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
        self._seqs = count(fresh_seq(time.time()))  # where no journal gives them
        self._numbers = count()
        self._waiting: OrderedDict[int, Message] = OrderedDict()  # by number, the first to be sent first
        self._n_events = self._n_bytes = 0  # of the events among them
        self._due: dict[str | int, int] = {}  # a state's topic, a moment's number, to the number under which it waits
        self._retained: dict[str, Message] = {}  # by topic: the newest, for as long as the program lives
        self._next = 0  # the number of what ``following`` gave last
        self._in_flight: dict[int, Message] = {}  # by mid, in the order in which they were sent
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)
        self.dropped = 0

    def open(self, on_change: Callable[[], None]) -> None:
        """Begin to keep events on disk, where there is a journal; it calls ``on_change`` when more may be sent."""
        if self._journal is not None:
            self._journal.open(on_change)
            self.adopt()

    def flush(self) -> None:
        """What is not on the disk yet goes there now; this does not wait for it."""
        if self._journal is not None:
            self._journal.flush()

    def close(self) -> None:
        """All that the journal still has goes to the disk."""
        if self._journal is not None:
            self._journal.close()

    def __len__(self) -> int:
        """How many messages the broker has not acknowledged."""
        return len(self._waiting) + len(self._in_flight)

    @property
    def on_disk(self) -> bool:
        """Whether what waits outlives this process."""
        return self._journal is not None and not self._journal.trouble

    def figures(self) -> OutboxMetrics:
        """For the health message; from any thread, since each copy below is made in one go."""
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
        """The number for the event that is put next."""
        return next(self._seqs) if self._journal is None else self._journal.next_seq()

    def put(self, message: Message) -> None:
        """Take a message behind all others; of a retained topic it replaces the one that waits."""
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
        """Leave out all but the newest ``most`` moments that wait."""
        moments = [key for key in self._due if isinstance(key, int)]
        for number in moments[: max(0, len(moments) - most)]:
            self._take(number)

    def adopt(self) -> None:
        """Take what the journal found on the disk, from before this process, before all others."""
        found = [] if self._journal is None else self._journal.found()
        if found:
            self._to_front(found)
            self._bound()

    def lost(self) -> None:
        """The connection is gone: events that were in flight wait again, marked as late, before all others.

        States do not: ``renew`` sends their newest.
        """
        if self._in_flight:
            again = [message.delayed() for message in self._in_flight.values() if message.is_event]
            self._in_flight.clear()
            self._to_front(again)
            self._bound()

    def renew(self) -> None:
        """Let the newest of every state wait again: a broker that restarted may have forgotten it."""
        for topic, message in self._retained.items():
            if topic not in self._due:
                self._append(message)

    def following(self) -> Message | None:
        """What is to be sent next; None when nothing waits or enough is in flight.

        An event that is not on the disk yet lets all others go before it: a disk that hangs must be seen in ``health``.
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
        """How much longer a broker may keep an event for others: it too is to have it no longer than this device."""
        if not message.is_event or math.isinf(self._limit_s):
            return None
        return self._limit_s - (time.monotonic() - message.put_s)

    def sent(self, mid: int) -> None:
        """What ``following`` gave last is on its way as ``mid``."""
        self._in_flight[mid] = self._take(self._next)

    def leave_out(self) -> None:
        """What ``following`` gave last is not sent, since the broker does not take it; an event counts as dropped."""
        message = self._take(self._next)
        if message.is_event:
            self.dropped += 1
            if self._journal is not None:
                self._journal.removed(message.seq)

    def acknowledged(self, mid: int) -> None:
        """The broker has ``mid``; one that was never in flight here is not ours and is ignored."""
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
        """Drop the oldest events until the rest is within the limits."""
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
    """As the config wants it: on disk below the state directory, or in memory."""
    own, limit_s = config.outbox, _DAY_S * config.outbox.days
    journal = None
    if own.keep == "disk":
        path = state_folder(config.state_dir) / FILE
        journal = Journal(path, limit=own.events, limit_mb=own.megabytes, limit_s=limit_s, commit_s=own.commit_s)
    return Outbox(limit=own.events, limit_mb=own.megabytes, limit_s=limit_s, journal=journal)


def _percentile(ordered: list[float], percent: int) -> float | None:
    """The nearest rank: the least that so many percent do not exceed; None of nothing."""
    n_within = -(-len(ordered) * percent // 100)  # rounded up
    return round(ordered[n_within - 1], 4) if ordered else None
