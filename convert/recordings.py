"""Sound files to samples, for training: any rate and any number of channels become 16 kHz mono.

file ──soundfile──► (n, channels) ──mean──► (n,) ──soxr HQ──► samples (n,) float32 at 16 kHz
"""

from pathlib import Path

import numpy as np
import soundfile
import soxr

from edged.errors import RecordingError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats


def samples(file: Path, padded_s: float | None = None) -> Floats:
    """(n,) mono at 16 kHz, in [-1, 1]; exactly ``padded_s`` long where given, cut or filled with zeros.

    Raises:
        RecordingError: the file is not sound, is empty, or holds samples that are not numbers.
    """
    try:
        channels, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as exc:
        raise RecordingError(f"{file}: {exc}, expected a sound file") from exc
    mono = channels.mean(axis=1)
    if len(mono) == 0:
        raise RecordingError(f"{file}: no samples, expected sound")
    if not np.isfinite(mono).all():
        raise RecordingError(f"{file}: samples that are not numbers, expected sound")
    if rate_hz != GEOMETRY.sample_rate_hz:
        mono = soxr.resample(mono, rate_hz, GEOMETRY.sample_rate_hz, quality="HQ")
    if padded_s is not None:
        length = round(padded_s * GEOMETRY.sample_rate_hz)
        mono = np.pad(mono[:length], (0, max(0, length - len(mono))))
    return np.asarray(mono, np.float32)
