"""Samples to windows, each frame computed once.

    samples (n,) ──FrontEnd──► levels (k, 128) ──RecentBands──► every stride: Window, image (188, 64) int8

Overlapping windows share their frames: a second of sound costs 62.5 frames, whatever the stride.  Time is the count of
samples since the source began, including lost ones; a jump of that count empties the ring, so that no window contains
samples from both sides of a gap.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edged.features.geometry import SILENCE_DBFS, Geometry
from edged.features.logmel import Floats, FrontEnd
from edged.features.recent_bands import RecentBands
from edged.features.spectrum import LARGE_BLOCK

MAX_FRAMES = 32  # frames that may wait for a window of live sound: half a second
_TEN = np.float32(10)


@dataclass(frozen=True, slots=True)
class Window:
    """The models' input at one time, with what the gate and the tracker need to know."""

    start: int  # sample count at the centre of the first frame
    end: int  # sample count at the centre of the last frame
    image: NDArray[np.int8]  # (n_frames, n_bands)
    level_dbfs: float  # RMS of the newest stride, at least -96
    speech_dbfs: Floats  # (n_frames,) RMS of each frame from 200 to 4000 Hz; -96 after the end of a recording
    discontinuous: bool  # the first window after the start or after lost samples


class Windows:
    """Turns any cut of a sample stream into the same windows, ``stride`` samples apart."""

    def __init__(self, geometry: Geometry, stride: int, *, at_once: int = MAX_FRAMES) -> None:
        """At most ``at_once`` frames wait and are computed together: more cost less, but take longer at a time."""
        if stride <= 0 or stride % geometry.hop:
            raise ValueError(f"stride {stride} is not a positive multiple of the hop {geometry.hop}")
        self._front_end = FrontEnd(geometry, min(at_once, LARGE_BLOCK))
        self._geometry = geometry
        self._stride_frames = stride // geometry.hop
        self._max_frames = min(at_once, geometry.n_frames)
        self._pending = np.zeros(geometry.n_fft + (self._max_frames - 1) * geometry.hop, np.float32)
        self._levels = np.empty((self._max_frames, geometry.n_mels), np.float32)
        self._new_loudness = np.empty((self._max_frames, 2), np.float32)
        self._bands = RecentBands(geometry)
        self._loudness = np.empty((2 * geometry.n_frames, 2), np.float32)
        self._next: int
        self.restart()

    def restart(self, start: int = 0) -> None:
        """Begin a new stream whose first sample has the count ``start``."""
        # Frames are centred, as in training: half a frame of zeros stands before the first sample.
        self._n_pending = self._geometry.n_fft // 2
        self._pending[: self._n_pending] = 0
        self._origin = self._next = start
        self._count = 0  # frames since the origin
        self._discontinuous = True

    @property
    def due(self) -> int:
        """The count just past the last sample that the next window needs; no earlier sample completes a window."""
        frame = self._count + self._n_due - 1
        return self._origin + frame * self._geometry.hop + self._geometry.n_fft // 2

    def push(self, samples: Floats, start: int) -> Iterator[Window]:
        """Windows that ``samples`` (n,) complete; ``start`` is the count of the first one since the source began.

        Frames wait until a window needs them: many at once cost less than one at a time.
        """
        if start != self._next:
            self.restart(start)
        self._next = start + len(samples)
        pending, at = self._pending, 0
        while at < len(samples):
            n_taken = min(len(samples) - at, len(pending) - self._n_pending)
            pending[self._n_pending : self._n_pending + n_taken] = samples[at : at + n_taken]
            at, self._n_pending = at + n_taken, self._n_pending + n_taken
            n_frames = self._front_end.n_frames(self._n_pending)
            while n_frames >= min(self._n_due, self._max_frames):
                is_due = n_frames >= self._n_due
                n_frames -= self._compute(min(n_frames, self._n_due))
                if is_due:
                    yield self._window(self._geometry.n_frames)

    def finish(self) -> Iterator[Window]:
        """The windows that only the end of the source completes: the last half frame, or a clip below one window."""
        yield from self.push(np.zeros(self._geometry.n_fft // 2, np.float32), self._next)
        self._compute(self._front_end.n_frames(self._n_pending))
        if self._discontinuous and self._count:
            yield self._window(self._count)

    @property
    def _n_due(self) -> int:
        """Frames until the next window."""
        lacking = self._geometry.n_frames - self._count
        return lacking if lacking > 0 else self._stride_frames - (-lacking) % self._stride_frames

    def _compute(self, n_frames: int) -> int:
        """Computes the next ``n_frames`` frames into the rings, which hold each twice, so any window is one view."""
        size, hop, pending = self._geometry.n_frames, self._geometry.hop, self._pending
        levels, loudness = self._levels[:n_frames], self._new_loudness[:n_frames]
        self._front_end.levels(pending[: (n_frames - 1) * hop + self._geometry.n_fft], levels, loudness)
        index = self._count % size
        before_wrap = min(n_frames, size - index)
        for new, row in ((slice(before_wrap), index), (slice(before_wrap, n_frames), 0)):
            if n := len(levels[new]):
                self._bands.put(levels[new], row)
                self._loudness[row : row + n] = self._loudness[row + size : row + size + n] = loudness[new]
        self._count += n_frames
        self._n_pending -= n_frames * hop
        pending[: self._n_pending] = pending[n_frames * hop : n_frames * hop + self._n_pending]
        return n_frames

    def _window(self, n_frames: int) -> Window:
        size, hop = self._geometry.n_frames, self._geometry.hop
        first = (self._count - n_frames) % size
        loudness = self._loudness[first : first + n_frames]
        newest = np.power(_TEN, loudness[-self._stride_frames :, 0] / _TEN)
        speech = np.empty(size, np.float32)
        speech[:n_frames], speech[n_frames:] = loudness[:, 1], SILENCE_DBFS
        window = Window(
            start=self._origin + (self._count - n_frames) * hop,
            end=self._origin + (self._count - 1) * hop,
            image=self._bands.image(first, n_frames),
            level_dbfs=10 * math.log10(np.add.reduce(newest) / len(newest)),
            speech_dbfs=speech,
            discontinuous=self._discontinuous,
        )
        self._discontinuous = False
        return window
