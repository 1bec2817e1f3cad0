"""Which events are on disk and which are not yet, and the next sequence number; no disk access and no locks.

    put, acknowledged, removed ──► batch ──written──► horizon: the greatest sequence number that may be published
    disk_found(content of a file) ──► found: events from before this process

A sequence number must never be used twice, even after a power cut.  So either an event is on disk before it is
published (``reserve`` 0: the horizon is the last number on disk), or numbers are reserved there before use.  Reserved
numbers that are lost leave a gap.
"""

import math
import time
from dataclasses import replace

from edged.outbox.database import Batch
from edged.outbox.message import Message
from edged.outbox.reader import MAX_SEQ, Stored


def fresh_seq(utc_s: float) -> int:
    """First sequence number if no file gives one: the clock's milliseconds, greater than all numbers before."""
    return min(max(0, int(1000 * utc_s)), MAX_SEQ // 2)


class Ledger:
    """Used under the journal's lock."""

    def __init__(self, reserve: int) -> None:
        self._reserve = reserve
        self._on_disk = False
        self._open: dict[int, Message] = {}  # neither acknowledged nor removed
        self._unwritten: dict[int, Message] = {}  # not on disk yet
        self._acknowledged: set[int] = set()  # not on disk yet …
        self._removed: set[int] = set()  # … neither are these
        self._last = self._last_put = 0  # sequence numbers
        self._begun = False  # whether the first number is fixed
        self._offset_s: float | None = None  # total time open at monotonic 0
        self.found: list[Message] = []
        self.horizon: float = math.inf

    def next_seq(self) -> int:
        """A sequence number greater than any before."""
        self._last += 1
        return self._last

    def put(self, message: Message) -> None:
        """Add an event with a number from ``next_seq``."""
        self._open[message.seq] = self._unwritten[message.seq] = message
        self._last_put = message.seq

    def acknowledged(self, seq: int) -> None:
        """The broker has the event: it becomes history if there is a disk."""
        self._open.pop(seq, None)
        if self._on_disk or self._unwritten.pop(seq, None) is None:
            self._acknowledged.add(seq)

    def removed(self, seq: int) -> None:
        """The event was dropped for lack of room."""
        self._open.pop(seq, None)
        if self._unwritten.pop(seq, None) is None or self._on_disk:  # it may be in the batch being written
            self._removed.add(seq)

    @property
    def n_unwritten(self) -> int:
        """Number of events in memory only."""
        return len(self._unwritten)

    @property
    def is_short(self) -> bool:
        """Whether few reserved numbers are left, as after a burst of events."""
        return self._last_put + self._reserve // 2 > self.horizon

    @property
    def only_history(self) -> bool:
        """Whether the unwritten changes are only history, so losing them would lose no event."""
        return self._unwritten.keys() <= self._acknowledged and not self.is_short

    @property
    def changed(self) -> bool:
        """Whether there are unwritten changes."""
        return bool(self._unwritten or self._acknowledged or self._removed)

    def batch(self, *, last: bool) -> Batch:
        """All unwritten changes; the ``last`` batch of a process reserves no numbers."""
        offset_s = self._offset_s or 0.0
        return Batch(
            horizon=self._last_put + (0 if last else self._reserve),
            open_s=time.monotonic() + offset_s,
            put=[(m, m.put_s + offset_s, seq in self._acknowledged) for seq, m in self._unwritten.items()],
            acknowledged=list(self._acknowledged - self._unwritten.keys()),
            removed=list(self._removed),
        )

    def written(self, batch: Batch) -> None:
        """Note that the batch is on disk; changes made meanwhile are not."""
        for message, _, known in batch.put:
            self._unwritten.pop(message.seq, None)
            if known:
                self._acknowledged.remove(message.seq)
        self._acknowledged.difference_update(batch.acknowledged)
        self._removed.difference_update(batch.removed)
        self.horizon = batch.horizon

    def disk_lost(self, fresh: int) -> None:
        """The disk failed: everything may be published from memory, and history is dropped."""
        self._begin(fresh)
        self._on_disk = False
        self.horizon = math.inf
        for seq in self._acknowledged & self._unwritten.keys():
            self._acknowledged.remove(seq)
            del self._unwritten[seq]

    def disk_read(self, kept: Stored) -> None:
        """Take the content of a file that cannot be written; its events are sent with all others."""
        if self._offset_s is None and kept.open_s:
            self._offset_s = kept.open_s - time.monotonic()
        self._last = max(self._last, kept.horizon)
        for message, put_s in kept.events:
            seq = message.seq
            if seq not in self._open and seq not in self._acknowledged and seq not in self._removed:
                self._open[seq] = replace(message, put_s=put_s - (self._offset_s or 0.0))
                self.found.append(self._open[seq])

    def disk_found(self, stored: Stored, fresh: int) -> None:
        """Take the content of an open file; all other events still have to be written to it."""
        self.disk_read(stored)
        self._begin(0 if stored.horizon else fresh)
        if self._offset_s is None:
            self._offset_s = -time.monotonic()
        on_disk = {message.seq for message, _ in stored.events}
        self._unwritten = {seq: message for seq, message in self._open.items() if seq not in on_disk}
        self._acknowledged &= on_disk
        self._removed &= on_disk
        self._on_disk = True
        self.horizon = stored.horizon

    def _begin(self, fresh: int) -> None:
        """Start above all numbers ever used; ``fresh`` counts if no intact file gives one."""
        if not self._begun:
            self._last = max(self._last, fresh)
        self._begun = True
        self._last_put = max(self._last_put, self._last)
