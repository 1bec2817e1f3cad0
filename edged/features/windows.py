"""Samples to windows, each frame computed once.

    samples (n,) ──FrontEnd──► levels (k, 128) ──ring of 188 frames──► every stride: Window, image (188, 64) int8

Overlapping windows share their frames: a second of sound costs 62.5 frames, whatever the stride.  The ring holds every
frame twice, n_frames apart, so that any window is one contiguous view.  Time is the count of samples since the source
began, lost ones counted in; a jump of that count empties the ring, so that no window mixes samples of both sides.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edged.features.geometry import SILENCE_DBFS, Geometry
from edged.features.logmel import Floats, FrontEnd, int8_input


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

    def __init__(self, geometry: Geometry, stride: int) -> None:
        if stride <= 0 or stride % geometry.hop:
            raise ValueError(f"stride {stride} is not a positive multiple of the hop {geometry.hop}")
        self._front_end = FrontEnd(geometry)
        self._geometry = geometry
        self._stride_frames = stride // geometry.hop
        self._ring = np.empty((2 * geometry.n_frames, geometry.n_mels), np.float32)
        self._loudness = np.empty((2 * geometry.n_frames, 2), np.float32)
        self._pending: Floats
        self._next: int
        self.restart()

    def restart(self, start: int = 0) -> None:
        """Begin a new stream whose first sample has the count ``start``."""
        # Frames are centred, as in training: half a frame of zeros stands before the first sample.
        self._pending = np.zeros(self._geometry.n_fft // 2, np.float32)
        self._origin = self._next = start
        self._count = 0  # frames since the origin
        self._discontinuous = True

    def push(self, samples: Floats, start: int) -> Iterator[Window]:
        """Windows that ``samples`` (n,) complete; ``start`` is the count of the first one since the source began."""
        if start != self._next:
            self.restart(start)
        self._next = start + len(samples)
        hop = self._geometry.hop
        # A stride at a time: an hour handed over at once must need neither an hour's spectra nor a copy of the hour.
        stride = self._stride_frames * hop
        for at in range(0, len(samples), stride):
            pending = np.concatenate([self._pending, samples[at : at + stride]])
            power = self._front_end.power(pending)
            self._pending = pending[len(power) * hop :]
            yield from self._add(power)

    def finish(self) -> Iterator[Window]:
        """The windows that only the end of the source completes: the last half frame, and a clip below one window."""
        yield from self.push(np.zeros(self._geometry.n_fft // 2, np.float32), self._next)
        if self._discontinuous and self._count:
            yield self._window(self._count)

    def _add(self, power: Floats) -> Iterator[Window]:
        size = self._geometry.n_frames
        levels, loudness = self._front_end.levels(power), self._front_end.loudness_dbfs(power)
        for row, loud in zip(levels, loudness, strict=True):
            index = self._count % size
            self._ring[index] = self._ring[index + size] = row
            self._loudness[index] = self._loudness[index + size] = loud
            self._count += 1
            if self._count >= size and (self._count - size) % self._stride_frames == 0:
                yield self._window(size)

    def _window(self, n_frames: int) -> Window:
        size, hop = self._geometry.n_frames, self._geometry.hop
        first = (self._count - n_frames) % size
        loudness = self._loudness[first : first + n_frames]
        newest = 10 ** (loudness[-self._stride_frames :, 0] / 10)
        speech = np.full(size, SILENCE_DBFS, np.float32)
        speech[:n_frames] = loudness[:, 1]
        window = Window(
            start=self._origin + (self._count - n_frames) * hop,
            end=self._origin + (self._count - 1) * hop,
            image=int8_input(self._front_end.image(self._ring[first : first + n_frames])),
            level_dbfs=float(10 * np.log10(newest.mean())),
            speech_dbfs=speech,
            discontinuous=self._discontinuous,
        )
        self._discontinuous = False
        return window
