"""The numbers that training and device must share: the geometry of the features, and the level of silence.

    samples (n,) at sample_rate_hz ──► frames (n_fft samples, hop apart) ──► window (n_frames, n_bands)

A bundle's manifest repeats the geometry, and ``models/bundle.py`` refuses a bundle with another one: the front end
computes only this one.  It is the geometry in which CREMA-D's log-mel is published
(``librosa.feature.melspectrogram(sr=16000, n_fft=1024, hop_length=256, n_mels=128)`` over the first 3 s).
"""

import math
from dataclasses import dataclass

SILENCE_DBFS = -96.0  # digital silence: the quantization noise of 16 bits, and never 0, which is full scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """How samples become a window; counts are samples unless the name has a unit."""

    sample_rate_hz: int = 16_000
    n_fft: int = 1024
    hop: int = 256
    n_mels: int = 128
    n_bands: int = 64
    f_min_hz: float = 0.0
    f_max_hz: float = 8_000.0
    top_db: float = 80.0
    n_frames: int = 188

    @property
    def window(self) -> int:
        """Samples between the centres of the first and the last frame, the nominal length of a window: 187 hops."""
        return (self.n_frames - 1) * self.hop

    @property
    def window_s(self) -> float:
        """``window`` in seconds."""
        return self.window / self.sample_rate_hz

    @property
    def hop_s(self) -> float:
        """Seconds between frames."""
        return self.hop / self.sample_rate_hz

    @property
    def quantum_db(self) -> float:
        """dB in one step of the int8 input: 80/255."""
        return self.top_db / 255


GEOMETRY = Geometry()


def dbfs(amplitude: float) -> float:
    """The level of an RMS or peak ``amplitude`` in dB of full scale, not below ``SILENCE_DBFS``."""
    return 20 * math.log10(max(amplitude, 10 ** (SILENCE_DBFS / 20)))
