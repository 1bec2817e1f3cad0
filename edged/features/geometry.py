"""The geometry of the features: every count and rate that training and device must share.

    samples (n,) at sample_rate_hz ──► frames (n_fft samples, hop apart) ──► window (n_frames, n_bands)

The numbers stand in the bundle's manifest, and ``models/bundle.py`` refuses a bundle whose geometry is not the one
below: the front end computes this geometry and no other.  It is the one in which CREMA-D's log-mel comes
(``librosa.feature.melspectrogram(sr=16000, n_fft=1024, hop_length=256, n_mels=128)`` over the first 3 s).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """All that says how samples become a window; counts are samples unless the name has a unit."""

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
        """Samples from the first to the last frame's centre, the length that a window is said to have: 187 hops."""
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
