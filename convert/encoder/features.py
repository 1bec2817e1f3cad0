"""Sound, or stored log-mel, to dB in the geometry of the encoder.

samples (n,) ──frames of 25 ms every 10 ms, 80 mel bands──► dB (k, 80)
stored (k, 64) dB, a frame each 16 ms ──interpolated in time and on the mel scale──► the same
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, FrontEnd, hz_to_mel
from edged.features.whisper import WHISPER


def log_mel(samples: Floats) -> Floats:
    """(k, 80) dB of each band and frame of ``samples`` (n,) in [-1, 1]; frames are centred on multiples of its hop."""
    return FrontEnd(WHISPER).clip_levels(samples)


def from_stored(decibels: Floats) -> Floats:
    """(k, 80) dB from ``decibels`` (m, 64) in the networks' geometry: a frame each 16 ms, pairs of bands averaged."""
    n_out = 1 + (len(decibels) - 1) * GEOMETRY.hop // WHISPER.hop
    at = np.arange(n_out) * WHISPER.hop / GEOMETRY.hop
    before = np.minimum(at.astype(np.int64), max(0, len(decibels) - 2))
    share = (at - before)[:, None].astype(np.float32)
    after = np.minimum(before + 1, len(decibels) - 1)
    in_time = decibels[before] * (1 - share) + decibels[after] * share
    return np.asarray(in_time @ _between_bands(), np.float32)


@cache
def _between_bands() -> Floats:
    """(64, 80) the shares with which stored bands become the encoder's, linear between their centres."""
    centres = _centres(GEOMETRY.n_mels).reshape(GEOMETRY.n_bands, -1).mean(axis=1)
    wanted = _centres(WHISPER.n_mels)
    shares = [np.interp(wanted, centres, row) for row in np.eye(GEOMETRY.n_bands)]
    return np.asarray(shares, np.float32)


def _centres(n_mels: int) -> NDArray[np.float64]:
    """(n_mels,) centres of the bands in mel."""
    limits = hz_to_mel(np.array([WHISPER.f_min_hz, WHISPER.f_max_hz]))
    return np.asarray(np.linspace(limits[0], limits[1], n_mels + 2)[1:-1], np.float64)
