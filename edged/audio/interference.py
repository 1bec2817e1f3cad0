"""What a microphone adds to all sound: a constant offset, and the hum of the mains.

    samples (n,) before any filter ──each second──► mean; level at 44 to 66 Hz ──20 s──► Interference: offset, hum

Both are removed from the sound; they are measured so that a fault of the device, its cable or its power supply can be
named.  Hum is present in every second and exceeds the neighbouring frequencies, unlike speech and rumble.  Frequencies
are 1 Hz apart, the resolution of a second.
"""

import logging
from collections import deque
from dataclasses import dataclass

import numpy as np

from edged.audio.condition import MAINS_HZ
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

OFFSET = 0.005  # of full scale; from here on it is reported.  It changed 2 % of answers when it was not removed
_SECOND = GEOMETRY.sample_rate_hz
_DECIMATION = 32  # to 500 Hz
_ANALYSED_HZ = np.arange(44, 67)
_NEAR_HZ = 2  # neighbours that leak from a tone
_SECONDS = 20
_QUIET = 20.0  # percentile over the seconds
_STANDS_OUT_DB = 12.0
_HUM_DBFS = -60.0
_FLOOR = 1e-12

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Interference:
    """What was measured; ``hum_hz`` is None where there is none."""

    offset: float = 0.0  # of full scale
    hum_hz: int | None = None
    hum_dbfs: float | None = None

    @property
    def described(self) -> str:
        """In words, for people; empty if nothing is wrong."""
        parts = []
        if abs(self.offset) >= OFFSET:
            parts.append(f"a constant offset of {100 * self.offset:.1f} % of full scale")
        if self.hum_hz is not None:
            parts.append(f"hum at {self.hum_hz} Hz, {self.hum_dbfs:.0f} dBFS")
        return " and ".join(parts)


class InterferenceMeter:
    """Measures one stream of samples."""

    def __init__(self) -> None:
        self.newest: Interference | None = None  # None before the first second
        phase = 2 * np.pi * np.outer(np.arange(_SECOND // _DECIMATION) * _DECIMATION / _SECOND, _ANALYSED_HZ)
        self._tones = np.exp(-1j * phase) * (np.sqrt(2) * _DECIMATION / _SECOND)  # |x @ tones| is the rms of each
        self._pending: list[Floats] = []
        self._n_pending = 0
        self._means: deque[float] = deque(maxlen=_SECONDS)
        self._powers: deque[Floats] = deque(maxlen=_SECONDS)

    def push(self, samples: Floats) -> bool:
        """Takes the next samples (n,); returns whether ``newest`` was updated."""
        self._pending.append(samples)
        self._n_pending += len(samples)
        if self._n_pending < _SECOND:
            return False
        whole = np.concatenate(self._pending)
        seconds = whole[: len(whole) // _SECOND * _SECOND].reshape(-1, _SECOND)[-_SECONDS:]
        self._pending = [whole[len(whole) // _SECOND * _SECOND :]]
        self._n_pending = len(self._pending[0])
        for second in seconds:
            mean = float(second.mean())
            slow = second.reshape(-1, _DECIMATION).mean(axis=1) - mean
            self._means.append(mean)
            self._powers.append(np.asarray(np.abs(slow @ self._tones) ** 2, np.float32))
        self.newest = self._measured()
        return True

    def _measured(self) -> Interference:
        offset = round(float(np.median(self._means)), 4)
        always = np.percentile(np.stack(self._powers), _QUIET, axis=0)
        levels_db = 10 * np.log10(np.maximum(always, _FLOOR))
        far = np.all([np.abs(_ANALYSED_HZ - hz) > _NEAR_HZ for hz in MAINS_HZ], axis=0)
        floor_db = float(np.median(levels_db[far]))
        tones = {hz: float(levels_db[list(_ANALYSED_HZ).index(hz)]) for hz in MAINS_HZ}
        loudest = max(tones, key=tones.__getitem__)
        if tones[loudest] < max(_HUM_DBFS, floor_db + _STANDS_OUT_DB):
            return Interference(offset)
        return Interference(offset, loudest, round(tones[loudest], 1))


class InterferenceWatch:
    """Measures the microphone in use, and logs what it adds, once for each kind."""

    def __init__(self) -> None:
        self._microphone = self._named = ""
        self._meter = InterferenceMeter()

    @property
    def newest(self) -> Interference | None:
        """What was measured last; None before the first second of a microphone."""
        return self._meter.newest

    def push(self, microphone: str, samples: Floats) -> None:
        """Takes the next samples (n,) of ``microphone``; with another microphone the measurement starts again."""
        if microphone != self._microphone:
            self._microphone, self._meter, self._named = microphone, InterferenceMeter(), ""
        if not self._meter.push(samples):
            return
        found = self._meter.newest or Interference()
        kind = f"{abs(found.offset) >= OFFSET} {found.hum_hz}"
        if found.described and kind != self._named:
            _log.warning("microphone %r has %s; see docs/troubleshooting.md", microphone, found.described)
            self._named = kind
