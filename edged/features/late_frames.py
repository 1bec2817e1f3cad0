"""Windows of a second geometry: frames are computed only when a window is requested, and then kept.

    samples (n,) ──last seconds──► window(end) ──frames that are new──► levels ──ring──► (n_frames, n_bands) dB

The gate checks every window in its own geometry, and most windows hold no speech.  Frames in the geometry of a trunk
are therefore computed late: in a silent home samples are only copied.  While somebody speaks, overlapping windows share
their frames.  Sample counts are those of ``Windows``, which gets the same samples.
"""

import numpy as np

from edged.features.geometry import Geometry
from edged.features.logmel import Floats, FrontEnd, relative_levels
from edged.features.spectrum import BLOCK


class LateFrames:
    """The last samples of a stream and the frames computed from them.  One thread owns it."""

    def __init__(self, geometry: Geometry, *, behind: int = 0, block: int = BLOCK) -> None:
        """Windows may end up to ``behind`` samples before the newest one; ``block`` frames are computed at once."""
        self._geometry = geometry
        self._front_end = FrontEnd(geometry, block)
        self._size = geometry.window + 2 * geometry.n_fft + behind  # samples that a window may need
        self._samples = np.zeros(2 * self._size, np.float32)
        self._ring = np.empty((2 * geometry.n_frames, geometry.n_mels), np.float32)
        self._next: int
        self.restart()

    def restart(self, start: int = 0) -> None:
        """Begin a new stream whose first sample has the count ``start``."""
        # Frames are centred: half a frame of zeros stands before the first sample.
        self._samples[: self._geometry.n_fft // 2] = 0
        self._filled = self._geometry.n_fft // 2
        self._dropped = 0  # samples before those in memory, zeros included
        self._origin = self._next = start
        self._computed = 0  # frames before this one are in the ring, or will not be needed

    def push(self, samples: Floats, start: int) -> None:
        """Takes the next ``samples`` (n,); ``start`` is the count of the first one since the source began."""
        if start != self._next:
            self.restart(start)
        self._next = start + len(samples)
        for at in range(0, len(samples), self._size):
            piece = samples[at : at + self._size]
            if self._filled + len(piece) > len(self._samples):
                n_dropped = self._filled - self._size
                self._samples[: self._size] = self._samples[n_dropped : self._filled]
                self._dropped, self._filled = self._dropped + n_dropped, self._size
            self._samples[self._filled : self._filled + len(piece)] = piece
            self._filled += len(piece)

    def finish(self) -> None:
        """No more samples come: the last frames are completed with zeros."""
        self.push(np.zeros(self._geometry.n_fft // 2, np.float32), self._next)

    def window(self, end: int) -> Floats:
        """(n_frames, n_bands) dB relative to the loudest cell, from -top_db, of the window that ends at sample ``end``.

        Its last frame is the last whose centre is not after ``end``.  For each frame that the stream does not have,
        because it is before the beginning or no longer in memory, a row of -top_db is added at the end.
        """
        geometry = self._geometry
        there = self._dropped + self._filled
        last = min((end - self._origin) // geometry.hop, (there - geometry.n_fft) // geometry.hop)
        first = max(0, last - geometry.n_frames + 1, -(-self._dropped // geometry.hop))
        if last < first:
            return np.full((geometry.n_frames, geometry.n_bands), -geometry.top_db, np.float32)
        self._compute(max(first, self._computed), last)
        at, size = first % geometry.n_frames, last - first + 1
        return relative_levels(self._ring[at : at + size], geometry)

    def _compute(self, first: int, last: int) -> None:
        """Computes frames ``first`` to ``last`` into the ring, which holds each twice, so any window is one view."""
        if last < first:
            return
        geometry = self._geometry
        begin = first * geometry.hop - self._dropped
        end = last * geometry.hop + geometry.n_fft - self._dropped
        levels = self._front_end.levels(self._samples[begin:end])
        rows = np.arange(first, last + 1) % geometry.n_frames
        self._ring[rows] = self._ring[rows + geometry.n_frames] = levels
        self._computed = last + 1
