"""The level of the sound, published rarely enough for programs that store every message.

samples ──5 s of sound──► RMS and peak in dBFS ──3 dB from the last published one, or after a minute──► Level
"""

import math

import numpy as np

from edged.contract.fields import rfc3339
from edged.contract.payloads import Level
from edged.features.geometry import GEOMETRY, dbfs
from edged.features.logmel import Floats

_PERIOD_S = 5.0
_DEAD_BAND_DB = 3.0
_MAX_INTERVAL_S = 60.0  # a steady level is published too, so that a display has something to show


class LevelMeter:
    """Measures all sound, in order; time is the sample count."""

    def __init__(self) -> None:
        self._n_samples = 0
        self._squares = self._peak = 0.0
        self._clipped = False
        self.newest: Level | None = None
        self._published_dbfs = math.inf
        self._unpublished_s = 0.0

    def measure(self, samples: Floats, utc_s: float, *, peak: float, clipped: bool) -> Level | None:
        """Adds ``samples`` (n,) of at most ``peak`` that began at ``utc_s``; the level to publish now, or None."""
        self._n_samples += len(samples)
        self._squares += float(np.dot(samples, samples))
        self._peak = max(self._peak, peak)
        self._clipped |= clipped
        passed_s = self._n_samples / GEOMETRY.sample_rate_hz
        if passed_s < _PERIOD_S:
            return None
        level = self.newest = Level(
            time=rfc3339(utc_s + len(samples) / GEOMETRY.sample_rate_hz),
            level_dbfs=_payload_dbfs(math.sqrt(self._squares / self._n_samples)),
            peak_dbfs=_payload_dbfs(self._peak),
            clipping=self._clipped,
        )
        self._n_samples, self._squares, self._peak, self._clipped = 0, 0.0, 0.0, False
        self._unpublished_s += passed_s
        near = abs(level.level_dbfs - self._published_dbfs) < _DEAD_BAND_DB
        if near and self._unpublished_s < _MAX_INTERVAL_S:
            return None
        self._published_dbfs, self._unpublished_s = level.level_dbfs, 0.0
        return level


def peak_of(samples: Floats) -> float:
    """The greatest magnitude in ``samples`` (n,); 0 of none.  Two passes without memory for the magnitudes."""
    return max(float(samples.max()), -float(samples.min())) if len(samples) else 0.0


def _payload_dbfs(amplitude: float) -> float:
    """One decimal; samples of float files may exceed full scale, the payload's range ends there."""
    return round(min(0.0, dbfs(amplitude)), 1)
