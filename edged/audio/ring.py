"""Blocks from the reader thread to chunks for the pipeline, through an array that never grows.

    block (n,) ──write──► FIFO of samples (capacity,) ──read──► AudioChunk: contiguous samples (m,), count of the first

Time is the count of samples since the source began.  Samples that were lost are counted in, whether at the driver
(``lose``) or because the pipeline was too slow and the ring full (the oldest go): a gap shows as a jump of ``start``,
and no chunk reaches across one.  The two clocks come with each block and change no count: the wall clock may jump.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from edged.errors import EdgedError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """Samples without a gap between them."""

    samples: Floats  # (n,) mono in [-1, 1] at 16 kHz
    start: int  # count of the first sample since the source began, lost ones counted in
    utc_s: float  # wall clock (time.time()) at the first sample
    captured_s: float = field(default_factory=time.monotonic)  # monotonic clock at the end; by default when created


@dataclass(slots=True)
class _Block:
    """A block in the ring, or what is left of it after its oldest samples were dropped."""

    start: int
    n: int
    utc_s: float
    captured_s: float  # monotonic clock at its end


class Ring:
    """A bounded FIFO of samples for one writer (the reader thread) and one reader (the pipeline).

    When it is full the oldest samples go.  One condition guards everything: a write holds it for the copy of a block, a
    read for the copy of at most ``capacity`` samples, both far below the time of a block.
    """

    def __init__(self, capacity: int) -> None:
        if capacity <= 0:
            raise ValueError(f"ring capacity {capacity} is not positive")
        self.capacity = capacity
        self.n_written = 0  # samples that came in
        self.n_dropped = 0  # samples that went because the ring was full
        self.n_lost = 0  # samples that the driver lost before they came in
        self.n_gaps = 0  # times that a chunk did not continue the one before
        self.closed = False
        self._error: EdgedError | None = None
        self._changed = threading.Condition()
        self._array = np.zeros(capacity, np.float32)
        self._head = 0  # index of the oldest sample
        self._n = 0  # samples in the array
        self._blocks: deque[_Block] = deque()
        self._next = 0  # count that the next sample written will have
        self._newest_s = 0.0
        self._read_to = 0  # count just past the last sample that was read
        self._awaited = 0  # a read waits for the sample before this count …
        self._woken = False  # … unless somebody wakes it

    @property
    def newest(self) -> tuple[int, float]:
        """The count just past the newest sample, lost or not, and the monotonic clock at it (0.0: none came yet).

        The capture time of any other count c is that clock less (count - c) / 16000.
        """
        with self._changed:
            return self._next, self._newest_s

    def write(self, samples: Floats, utc_s: float, monotonic_s: float) -> None:
        """Appends a block (n,); both clocks are those of its first sample, read at the same moment.

        After ``close`` it is ignored: the reader thread may have been in the middle of a read.
        """
        with self._changed:
            if self.closed or not len(samples):
                return
            self.n_written += len(samples)
            self._newest_s = monotonic_s + len(samples) / GEOMETRY.sample_rate_hz
            start, self._next = self._next, self._next + len(samples)
            if len(samples) > self.capacity:
                excess = len(samples) - self.capacity
                self.n_dropped += excess
                samples, start, utc_s = samples[excess:], start + excess, utc_s + excess / GEOMETRY.sample_rate_hz
            self._drop(self._n + len(samples) - self.capacity)
            tail = (self._head + self._n) % self.capacity
            before_wrap = min(len(samples), self.capacity - tail)
            self._array[tail : tail + before_wrap] = samples[:before_wrap]
            self._array[: len(samples) - before_wrap] = samples[before_wrap:]
            self._n += len(samples)
            self._blocks.append(_Block(start, len(samples), utc_s, self._newest_s))
            if self._is_worth_reading():
                self._changed.notify()

    def lose(self, n: int) -> None:
        """Counts ``n`` samples that never came: what is written next starts a new chunk."""
        with self._changed:
            self.n_lost += n
            self._next += n
            if self._newest_s:
                self._newest_s += n / GEOMETRY.sample_rate_hz

    def interrupt(self) -> None:
        """What is written next starts a new chunk although nothing was lost: it comes from another channel."""
        with self._changed:
            self._next += 1

    def forget(self) -> None:
        """Drops all waiting samples, uncounted, and erases them: nobody may listen to them."""
        with self._changed:
            self._blocks.clear()
            self._head = self._n = 0
            self._array[:] = 0

    def skip_to(self, monotonic_s: float) -> None:
        """Continues with the sample count of that moment; the samples until then were not wanted and are not lost."""
        with self._changed:
            if self._newest_s and monotonic_s > self._newest_s:
                self._next += round((monotonic_s - self._newest_s) * GEOMETRY.sample_rate_hz)
                self._newest_s = monotonic_s

    def await_count(self, count: int) -> None:
        """Lets the next reads wait until all samples before ``count`` have come, or a gap, or half a ring.

        A reader with nothing to do before that need not be woken for each block.
        """
        with self._changed:
            self._awaited = count

    @property
    def lacking(self) -> int:
        """Samples still missing up to the awaited count; 0 while nothing is awaited."""
        with self._changed:
            return max(0, self._awaited - self._next)

    def wake(self) -> None:
        """Makes a waiting read, or the next one, return what has come."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def read(self, timeout_s: float) -> AudioChunk | None:
        """All samples up to the next gap; None if none came in time, or if the ring is closed and empty.

        Raises:
            EdgedError: the one given to ``close``, once all that was written before has been read.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_worth_reading() or self.closed or self._woken, timeout_s)
            self._woken = False
            if self._blocks:
                return self._pop()
            if self._error is not None:
                raise self._error
            return None

    def close(self, error: EdgedError | None = None) -> None:
        """Ends the ring and wakes the pipeline; the first call decides with which error."""
        with self._changed:
            if not self.closed:
                self._error = error
                self.closed = True
            self._changed.notify_all()

    def _is_worth_reading(self) -> bool:
        """Whether what is awaited has come, or waiting for it makes no sense."""
        if not self._blocks:
            return False
        newest = self._blocks[-1]
        is_gap = newest.start + newest.n - self._blocks[0].start != self._n
        return self._next >= self._awaited or is_gap or 2 * self._n >= self.capacity

    def _pop(self) -> AudioChunk:
        first = self._blocks.popleft()
        n, last = first.n, first
        while self._blocks and self._blocks[0].start == first.start + n:
            last = self._blocks.popleft()
            n += last.n
        before_wrap = min(n, self.capacity - self._head)
        samples = np.empty(n, np.float32)
        samples[:before_wrap] = self._array[self._head : self._head + before_wrap]
        samples[before_wrap:] = self._array[: n - before_wrap]
        self._forget(n)
        self.n_gaps += first.start != self._read_to
        self._read_to = first.start + n
        return AudioChunk(samples, first.start, first.utc_s, last.captured_s)

    def _drop(self, n: int) -> None:
        if n <= 0:
            return
        self.n_dropped += n
        self._forget(n)
        while n:
            oldest = self._blocks[0]
            if oldest.n <= n:
                n -= oldest.n
                self._blocks.popleft()
            else:
                oldest.start += n
                oldest.n -= n
                oldest.utc_s += n / GEOMETRY.sample_rate_hz
                n = 0

    def _forget(self, n: int) -> None:
        self._head = (self._head + n) % self.capacity
        self._n -= n
