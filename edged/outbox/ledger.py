"""What the disk knows of the outbox and what it does not yet, and which number comes next; no disk and no lock here.

    put, acknowledged, removed ──► batch ──written──► horizon: the greatest number that may be published
    disk_found(what a file holds) ──► found: events from before this process

Numbers must not be given twice, whatever a power cut takes with it.  So either an event is on the disk before it is
published (``reserve`` 0: the horizon is what is on the disk), or numbers are reserved there ahead of their use, and
those that were reserved and lost are a gap.
"""

import math
import time
from dataclasses import replace

from edged.outbox.database import Batch
from edged.outbox.message import Message
from edged.outbox.reader import Stored


class Ledger:
    """Belongs to whoever holds the journal's lock."""

    def __init__(self, reserve: int) -> None:
        self._reserve = reserve
        self._on_disk = False
        self._open: dict[int, Message] = {}  # neither acknowledged nor removed
        self._unwritten: dict[int, Message] = {}  # not on the disk yet
        self._acknowledged: set[int] = set()  # the disk does not know of these …
        self._removed: set[int] = set()  # … nor of these
        self._last = self._last_put = 0  # numbers
        self._begun = False  # whether the first of them is settled
        self._offset_s: float | None = None  # how long the outbox had been open in all its life at monotonic 0
        self.found: list[Message] = []
        self.horizon: float = math.inf

    def next_seq(self) -> int:
        """A number greater than any before it."""
        self._last += 1
        return self._last

    def put(self, message: Message) -> None:
        """An event with a number of ``next_seq``."""
        self._open[message.seq] = self._unwritten[message.seq] = message
        self._last_put = message.seq

    def acknowledged(self, seq: int) -> None:
        """The broker has it: what is left of it is history, for which there has to be a disk."""
        self._open.pop(seq, None)
        if self._on_disk or self._unwritten.pop(seq, None) is None:
            self._acknowledged.add(seq)

    def removed(self, seq: int) -> None:
        """There was no more room for it."""
        self._open.pop(seq, None)
        if self._unwritten.pop(seq, None) is None or self._on_disk:  # it may be on its way there
            self._removed.add(seq)

    @property
    def n_unwritten(self) -> int:
        """Events that are in memory only."""
        return len(self._unwritten)

    @property
    def is_short(self) -> bool:
        """Whether the horizon is near, which a burst of events can bring about at any time."""
        return self._last_put + self._reserve // 2 > self.horizon

    @property
    def only_history(self) -> bool:
        """Whether nothing would be lost if the changes were."""
        return self._unwritten.keys() <= self._acknowledged and not self.is_short

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._unwritten or self._acknowledged or self._removed)

    def batch(self, *, last: bool) -> Batch:
        """All that has changed; with the ``last`` one of this process no numbers are reserved."""
        offset_s = self._offset_s or 0.0
        return Batch(
            horizon=self._last_put + (0 if last else self._reserve),
            open_s=time.monotonic() + offset_s,
            put=[(m, m.put_s + offset_s, seq in self._acknowledged) for seq, m in self._unwritten.items()],
            acknowledged=list(self._acknowledged - self._unwritten.keys()),
            removed=list(self._removed),
        )

    def written(self, batch: Batch) -> None:
        """The batch is on the disk; what came meanwhile is not."""
        for message, _, known in batch.put:
            self._unwritten.pop(message.seq, None)
            if known:
                self._acknowledged.remove(message.seq)
        self._acknowledged.difference_update(batch.acknowledged)
        self._removed.difference_update(batch.removed)
        self.horizon = batch.horizon

    def disk_lost(self, fresh: int) -> None:
        """From now on memory alone: nothing is gained by holding back, and history has no place."""
        self._begin(fresh)
        self._on_disk = False
        self.horizon = math.inf
        for seq in self._acknowledged & self._unwritten.keys():
            self._acknowledged.remove(seq)
            del self._unwritten[seq]

    def disk_read(self, kept: Stored) -> None:
        """A file that cannot be written to holds ``kept``: its events go out with all others."""
        if self._offset_s is None and kept.open_s:
            self._offset_s = kept.open_s - time.monotonic()
        self._last = max(self._last, kept.horizon)
        for message, put_s in kept.events:
            seq = message.seq
            if seq not in self._open and seq not in self._acknowledged and seq not in self._removed:
                self._open[seq] = replace(message, put_s=put_s - (self._offset_s or 0.0))
                self.found.append(self._open[seq])

    def disk_found(self, stored: Stored, fresh: int) -> None:
        """A file is open that holds ``stored``; whatever else there is still has to go into it."""
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
        """The first number is above all that were ever given; ``fresh`` is where no whole file says so."""
        if not self._begun:
            self._last = max(self._last, fresh)
        self._begun = True
        self._last_put = max(self._last_put, self._last)
