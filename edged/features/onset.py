"""The sample at which the sound begins, so that silence before it changes no answer.

    samples (n,) ──mean of pairs, difference──► power of each ms ──mean of 16──► first loud one

The mean of two neighbours takes the hiss above speech, the difference an offset, hum and rumble.  The step is 1 ms and
not a hop: windows that begin at the onset then cut the same sound in the same way, wherever in a file it lies.
"""

import numpy as np

from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_STEP = GEOMETRY.sample_rate_hz // 1000  # 1 ms
_SPAN = 16  # steps that are averaged, so that a single click is no onset
_BELOW_PEAK = 10 ** (-30 / 10)  # relative to the peak power: threshold of speech in a quiet recording
_ABOVE_NOISE = 10 ** (6 / 10)  # relative to the quiet tenth: threshold of speech in a noisy recording
_NOISE_BELOW_PEAK = 10 ** (-10 / 10)  # a louder quiet tenth is no noise but speech without a pause
_PREROLL_S = 0.1  # kept before the onset: breath, soft consonants, and what clips for training begin with


def onset(samples: Floats) -> int:
    """The index in ``samples`` (n,) from which there is something to classify; 0 if in doubt."""
    n_steps = len(samples) // _STEP
    if n_steps <= _SPAN:
        return 0
    low = samples[: n_steps * _STEP].reshape(-1, 2).mean(axis=1, dtype=np.float64)
    power = np.square(np.diff(low, prepend=low[0])).reshape(n_steps, -1).mean(axis=1)
    smooth = np.convolve(power, np.full(_SPAN, 1 / _SPAN))[:n_steps]
    peak, quiet = smooth.max(), np.percentile(smooth, 10)
    threshold = max(_BELOW_PEAK * peak, min(_ABOVE_NOISE * quiet, _NOISE_BELOW_PEAK * peak))
    first = int(np.argmax(smooth > threshold))
    return max(0, first * _STEP - round(_PREROLL_S * GEOMETRY.sample_rate_hz))
