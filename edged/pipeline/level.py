"""How loud it is, told seldom enough for those who keep every message.

    samples ──5 s of sound──► rms and peak in dBFS ──3 dB from the last one told, or a minute since──► Level

Silence is -96 dBFS, the least that 16 bits can tell, and never 0, which is full scale.
"""

import math

import numpy as np

from edged.contract.payloads import Level, rfc3339
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_PERIOD_S = 5.0
_DEAD_BAND_DB = 3.0
_LONGEST_S = 60.0  # a steady room is told of too, so that a display has something to show
_FLOOR = 10 ** (-96 / 20)


class LevelMeter:
    """Fed with all sound, in order; time is the count of samples."""

    def __init__(self) -> None:
        self._n_samples = 0
        self._squares = self._peak = 0.0
        self._clipped = False
        self.newest: Level | None = None
        self._told_dbfs = math.inf
        self._untold_s = 0.0

    def heard(self, samples: Floats, utc_s: float, *, clipped: bool) -> Level | None:
        """``samples`` (n,) that began at ``utc_s``; what is to be told now, if anything is."""
        self._n_samples += len(samples)
        self._squares += float(np.sum(np.square(samples, dtype=np.float64)))
        self._peak = max(self._peak, float(np.abs(samples).max(initial=0)))
        self._clipped |= clipped
        passed_s = self._n_samples / GEOMETRY.sample_rate_hz
        if passed_s < _PERIOD_S:
            return None
        level = self.newest = Level(
            time=rfc3339(utc_s + len(samples) / GEOMETRY.sample_rate_hz),
            level_dbfs=_dbfs(math.sqrt(self._squares / self._n_samples)),
            peak_dbfs=_dbfs(self._peak),
            clipping=self._clipped,
        )
        self._n_samples, self._squares, self._peak, self._clipped = 0, 0.0, 0.0, False
        self._untold_s += passed_s
        near = abs(level.level_dbfs - self._told_dbfs) < _DEAD_BAND_DB
        if near and self._untold_s < _LONGEST_S:
            return None
        self._told_dbfs, self._untold_s = level.level_dbfs, 0.0
        return level


def _dbfs(amplitude: float) -> float:
    return round(20 * math.log10(min(1.0, max(amplitude, _FLOOR))), 1)
