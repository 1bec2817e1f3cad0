"""A clip's log-mel to windows of a trunk: as a device meets it, or moved and cut at random.

    dB (k, n_bands) ──from its first frame, every half second──► windows (n, n_frames, n_bands) dB, silent after the end
    dB (k, n_bands) ──a part of it, at a random place──► one window, silence or the clip's own noise around it
    dB (k, n_bands) of every clip of a place ──another voice, microphone──► dB (k', n_bands)

On a device speech lies anywhere in the window, and may be a single word; the features must not depend on where.  The
number of a clip's bands tells its geometry: the encoder's, or that of the small networks.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edged.features.geometry import Geometry
from edged.features.logmel import Floats

_STRIDE_S = 0.5  # between windows of a long clip: the device's default stride
SILENT_DB = -1000.0  # below anything that the encoder's input keeps
_SPOKEN_DB = 35.0  # frames this far below the loudest are not spoken
_MARGIN_S = 0.05  # kept around what is spoken
_SPOKEN_ALONE_P, _PART_P, _NOISE_P = 0.5, 0.35, 0.5
_PART_S = (0.5, 1.6)  # of a part: a word or two
_QUIETEST = 0.1  # share of a clip's frames that are its noise
_GRAIN_DB = 3.0  # standard deviation of a band of stationary noise
_SHIFT = 1.5 / 80  # of a voice's height at most, share of the band axis


def as_it_comes(decibels: Floats, geometry: Geometry) -> list[Floats]:
    """Windows (n_frames, n_bands) dB every half second, or one, silent after its end, of a shorter clip."""
    size = geometry.n_frames
    if len(decibels) <= size:
        return [_filled(decibels, 0, geometry)]
    starts = range(0, len(decibels) - size + 1, _frames(_STRIDE_S, geometry))
    return [decibels[first : first + size] for first in starts]


def moved(decibels: Floats, rng: np.random.Generator, geometry: Geometry) -> Floats:
    """(n_frames, n_bands) dB: a random part of a clip (k, n_bands) at a random place of the window."""
    spoken = decibels
    if rng.random() < _SPOKEN_ALONE_P:
        power = np.mean(np.power(10, (decibels - decibels.max()) / 10), axis=1)
        loud = np.flatnonzero(power > power.max() * 10 ** (-_SPOKEN_DB / 10))
        margin = _frames(_MARGIN_S, geometry)
        spoken = decibels[max(0, loud[0] - margin) : loud[-1] + 1 + margin]
    if rng.random() < _PART_P:
        shortest, longest = (_frames(seconds, geometry) for seconds in _PART_S)
        spoken = _cut(spoken, int(rng.integers(shortest, longest)), rng)
    spoken = _cut(spoken, geometry.n_frames, rng)
    first = int(rng.integers(geometry.n_frames - len(spoken) + 1))
    window = _filled(spoken, first, geometry)
    if rng.random() < _NOISE_P:
        outside = window[:, 0] == SILENT_DB
        noise = rng.normal(0, _GRAIN_DB, (np.count_nonzero(outside), geometry.n_bands)) + _noise(decibels)
        window[outside] = noise.astype(np.float32)
    return window


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is the same for all clips of a place: pace, height of the voice, frequency response."""

    speed: float
    shift: float  # bands
    response: Floats  # (n_bands,) dB

    @classmethod
    def drawn(cls, rng: np.random.Generator, n_bands: int) -> Self:
        """One at random, within the range of real voices and microphones."""
        axis = np.linspace(-1, 1, n_bands)
        tilt = rng.normal(0, 3) * axis
        curve = sum(rng.normal(0, 1.5) * np.cos(np.pi * n * (axis + 1) / 2 + rng.uniform(0, np.pi)) for n in (2, 3, 5))
        speed, shift = rng.uniform(0.9, 1.1), rng.uniform(-1, 1) * _SHIFT * n_bands
        return cls(float(speed), float(shift), np.asarray(tilt + curve, np.float32))

    def changed(self, decibels: Floats) -> Floats:
        """(k / speed, n_bands) of ``decibels`` (k, n_bands)."""
        at = np.arange(0, len(decibels) - 1, self.speed)
        in_time = _between(decibels, at)
        n_bands = decibels.shape[1]
        bands = np.clip(np.arange(n_bands) - self.shift, 0, n_bands - 1)
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


def _filled(decibels: Floats, first: int, geometry: Geometry) -> Floats:
    """(n_frames, n_bands) with ``decibels`` from frame ``first`` on, and silence around it."""
    window = np.full((geometry.n_frames, geometry.n_bands), SILENT_DB, np.float32)
    window[first : first + len(decibels)] = decibels
    return window


def _noise(decibels: Floats) -> Floats:
    """(n_bands,) the level of a clip's quietest frames, band by band."""
    rank = int(_QUIETEST * (len(decibels) - 1))
    return np.asarray(np.partition(decibels, rank, axis=0)[: rank + 1].mean(axis=0), np.float32)


def _frames(seconds: float, geometry: Geometry) -> int:
    return round(seconds / geometry.hop_s)
