"""A clip's log-mel to windows of the encoder: as a device meets it, or moved and cut at random.

    dB (k, 80) ──from its first frame, every half second──► windows (n, 300, 80) dB, silent after the end
    dB (k, 80) ──a part of it, at a random place──► one window, silence or the clip's own noise around it
    dB (k, 80) of every clip of a place ──another voice, microphone──► dB (k', 80)

A device sees speech anywhere in its window, single words too, and what a window's features are must not depend on that.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edged.features.logmel import Floats
from edged.features.whisper import WHISPER

STRIDE_FRAMES = 50  # between windows of a long clip: half a second, the device's default stride
SILENT_DB = -1000.0  # below anything that the encoder's input keeps
_SPOKEN_DB = 35.0  # frames this far below the loudest are not spoken
_MARGIN = 5  # frames kept around what is spoken
_SPOKEN_ALONE_P, _PART_P, _NOISE_P = 0.5, 0.35, 0.5
_PART_FRAMES = (50, 160)  # of a part: a word or two
_QUIETEST = 0.1  # share of a clip's frames that are its noise
_GRAIN_DB = 3.0  # standard deviation of a band of stationary noise


def as_it_comes(decibels: Floats) -> list[Floats]:
    """Windows (300, 80) dB every half second, or one, silent after its end, of a shorter clip."""
    size = WHISPER.n_frames
    if len(decibels) <= size:
        return [_filled(decibels, 0)]
    return [decibels[first : first + size] for first in range(0, len(decibels) - size + 1, STRIDE_FRAMES)]


def moved(decibels: Floats, rng: np.random.Generator) -> Floats:
    """(300, 80) dB: a random part of a clip (k, 80) at a random place of the window."""
    spoken = decibels
    if rng.random() < _SPOKEN_ALONE_P:
        power = np.mean(np.power(10, (decibels - decibels.max()) / 10), axis=1)
        loud = np.flatnonzero(power > power.max() * 10 ** (-_SPOKEN_DB / 10))
        spoken = decibels[max(0, loud[0] - _MARGIN) : loud[-1] + 1 + _MARGIN]
    if rng.random() < _PART_P:
        spoken = _cut(spoken, int(rng.integers(*_PART_FRAMES)), rng)
    spoken = _cut(spoken, WHISPER.n_frames, rng)
    first = int(rng.integers(WHISPER.n_frames - len(spoken) + 1))
    window = _filled(spoken, first)
    if rng.random() < _NOISE_P:
        outside = window[:, 0] == SILENT_DB
        noise = rng.normal(0, _GRAIN_DB, (np.count_nonzero(outside), WHISPER.n_bands)) + _noise(decibels)
        window[outside] = noise.astype(np.float32)
    return window


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is the same for all clips of a place: pace, height of the voice, frequency response."""

    speed: float
    shift: float  # bands
    response: Floats  # (80,) dB

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Self:
        """Within what voices and microphones do."""
        axis = np.linspace(-1, 1, WHISPER.n_bands)
        tilt = rng.normal(0, 3) * axis
        curve = sum(rng.normal(0, 1.5) * np.cos(np.pi * n * (axis + 1) / 2 + rng.uniform(0, np.pi)) for n in (2, 3, 5))
        return cls(float(rng.uniform(0.9, 1.1)), float(rng.uniform(-1.5, 1.5)), np.asarray(tilt + curve, np.float32))

    def changed(self, decibels: Floats) -> Floats:
        """(k / speed, 80) of ``decibels`` (k, 80)."""
        at = np.arange(0, len(decibels) - 1, self.speed)
        in_time = _between(decibels, at)
        bands = np.clip(np.arange(WHISPER.n_bands) - self.shift, 0, WHISPER.n_bands - 1)
        return np.asarray(_between(in_time.T, bands).T + self.response, np.float32)


def _between(rows: Floats, at: NDArray[np.float64]) -> Floats:
    """(n, m) ``rows`` (k, m) at the positions ``at`` (n,), linear between them."""
    before = np.minimum(at.astype(np.int64), max(0, len(rows) - 2))
    share = (at - before).astype(np.float32)[:, None]
    after = np.minimum(before + 1, len(rows) - 1)
    return np.asarray(rows[before] * (1 - share) + rows[after] * share, np.float32)


def _cut(decibels: Floats, count: int, rng: np.random.Generator) -> Floats:
    if len(decibels) <= count:
        return decibels
    first = int(rng.integers(len(decibels) - count + 1))
    return decibels[first : first + count]


def _filled(decibels: Floats, first: int) -> Floats:
    """(300, 80) with ``decibels`` from frame ``first`` on, and silence around it."""
    window = np.full((WHISPER.n_frames, WHISPER.n_bands), SILENT_DB, np.float32)
    window[first : first + len(decibels)] = decibels
    return window


def _noise(decibels: Floats) -> Floats:
    """(80,) the level of a clip's quietest frames, band by band."""
    rank = int(_QUIETEST * (len(decibels) - 1))
    return np.asarray(np.partition(decibels, rank, axis=0)[: rank + 1].mean(axis=0), np.float32)
