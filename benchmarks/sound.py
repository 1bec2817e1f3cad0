"""Speech to measure with: the demo's sample conversation, which every checkout has."""

import numpy as np
import soundfile

from edged.demo.sample import SAMPLE
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

STRIDE = 31 * GEOMETRY.hop  # 0.496 s, the default of models.stride_s


def conversation() -> Floats:
    """(n,) the whole sample at 16 kHz."""
    samples, _ = soundfile.read(SAMPLE, dtype="float32")
    return np.asarray(samples, np.float32)


def three_seconds(first_s: float = 1.0) -> Floats:
    """(47872,) a window of it: 187 hops."""
    first = round(first_s * GEOMETRY.sample_rate_hz)
    return np.ascontiguousarray(conversation()[first : first + GEOMETRY.window])
