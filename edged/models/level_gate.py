"""Speech or not, by level: the gate before the cascade where a bundle brings none.

    speech_dbfs (188,) from 200 to 4000 Hz ──quiet level──► noise floor ──frames above floor + margin──► bool

The floor follows the quiet tenth of each window: down at once, up by at most 2 dB a second, so that a fan that is
switched on closes the gate again within seconds, while a sentence without a pause does not raise the floor over itself.
"""

from dataclasses import dataclass

import numpy as np

from edged.features.geometry import SILENCE_DBFS
from edged.features.logmel import Floats

_RISE_DB_PER_S = 2.0
_QUIET = 0.1  # of a window's frames lie below its noise floor
_LOWEST_FLOOR_DBFS = -72.0  # from digital silence the floor would take many seconds to rise


def quiet_dbfs(levels: Floats) -> float:
    """The 10th percentile of ``levels`` (n,), interpolated as ``np.percentile`` does, which takes 20 times as long."""
    ordered = np.sort(levels)
    position = (len(ordered) - 1) * _QUIET
    below = int(position)
    low, high = float(ordered[below]), float(ordered[min(below + 1, len(ordered) - 1)])
    return low + (high - low) * (position - below)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """Speech is ``min_frames`` frames or more, louder than ``min_dbfs`` and than floor + ``margin_db``."""

    margin_db: float
    min_dbfs: float
    min_frames: int


class LevelGate:
    """Holds the noise floor of one stream of windows."""

    def __init__(self, settings: GateSettings, *, stride_s: float) -> None:
        """``stride_s`` is the time between two windows."""
        self.change(settings)
        self._rise_db = _RISE_DB_PER_S * stride_s
        self.floor_dbfs: float | None
        self.restart()

    def restart(self) -> None:
        """Forgets the noise floor; the next window sets it."""
        self.floor_dbfs = None

    def change(self, settings: GateSettings) -> None:
        """Applies new settings from the next window; the floor stays."""
        self._settings = settings

    def detects_speech(self, speech_dbfs: Floats) -> bool:
        """Whether the next window, of frames with these rms levels (n_frames,), holds speech; adapts the floor."""
        present = speech_dbfs[speech_dbfs > SILENCE_DBFS]  # without frames after the end of a recording
        if not len(present):
            return False
        quiet = max(_LOWEST_FLOOR_DBFS, quiet_dbfs(present))
        known = self.floor_dbfs
        self.floor_dbfs = quiet if known is None else min(quiet, known + self._rise_db)
        threshold = max(self._settings.min_dbfs, self.floor_dbfs + self._settings.margin_db)
        return int(np.count_nonzero(speech_dbfs > threshold)) >= self._settings.min_frames
