"""The numbers that training and device must share: the geometry of the features, and the level of silence.

    samples (n,) at sample_rate_hz ──► frames (n_fft samples, hop apart) ──► window (n_frames, n_bands)

The level, the speech gate and bundles without a front end of their own use ``GEOMETRY``.  It is the one in which
CREMA-D's log-mel is published (``librosa.feature.melspectrogram(sr=16000, n_fft=1024, hop_length=256, n_mels=128)``
over the first 3 s).  A bundle's manifest has the geometry of the windows that its models see; ``geometry_of`` checks
it.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

SILENCE_DBFS = -96.0  # digital silence: the quantization noise of 16 bits; never 0, which would be full scale


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

# Allowed values: the arrays of an absurd geometry must not fill a small device's memory.
_RANGES: dict[str, tuple[float, float]] = {
    "sample_rate_hz": (GEOMETRY.sample_rate_hz, GEOMETRY.sample_rate_hz),
    "n_fft": (64, 4096),
    "hop": (16, 4096),
    "n_mels": (8, 256),
    "n_bands": (8, 256),
    "f_min_hz": (0, 4000),
    "f_max_hz": (4001, GEOMETRY.sample_rate_hz / 2),
    "top_db": (20, 120),
    "n_frames": (8, 4096),
}


def geometry_of(values: Mapping[str, float]) -> Geometry:
    """The geometry with these fields, all of them; its window is as long as that of ``GEOMETRY``, to a frame.

    Raises:
        ValueError: a field is unknown, absent or out of its range; the message begins with its name.
    """
    whole = {key for key, value in asdict(GEOMETRY).items() if isinstance(value, int)}
    for key in sorted(_RANGES.keys() | values.keys()):
        value = values.get(key, "absent")
        if key not in _RANGES:
            raise ValueError(f"{key} is {value}, expected no such key")
        low, high = _RANGES[key]
        number = "a whole number" if key in whole else "a number"
        fits = isinstance(value, int) or (isinstance(value, float) and key not in whole)
        if isinstance(value, str) or not fits or not low <= value <= high:
            raise ValueError(f"{key} is {value}, expected {number} from {low:g} to {high:g}")
    geometry = Geometry(**values)  # type: ignore[arg-type]  # whole numbers where they must be, as checked above
    if geometry.n_mels % geometry.n_bands:
        raise ValueError(f"n_bands is {geometry.n_bands}, expected a divisor of n_mels ({geometry.n_mels})")
    if geometry.n_fft < geometry.hop or geometry.n_fft % 2:
        raise ValueError(f"n_fft is {geometry.n_fft}, expected an even number not below hop ({geometry.hop})")
    if abs(geometry.window - GEOMETRY.window) > max(geometry.hop, GEOMETRY.hop):
        raise ValueError(
            f"n_frames is {geometry.n_frames}, expected as many as make a window of {GEOMETRY.window_s:g} s"
        )
    return geometry


def dbfs(amplitude: float) -> float:
    """The level of an RMS or peak ``amplitude`` in dB of full scale, not below ``SILENCE_DBFS``."""
    return 20 * math.log10(max(amplitude, 10 ** (SILENCE_DBFS / 20)))
