"""Sound, or stored log-mel, to the encoder's input.

    samples (n,) ──frames of 25 ms every 10 ms, 80 mel bands──► dB ──below the loudest cell, 80 dB deep──► (k, 80)
    stored (k, 64) dB, a frame each 16 ms ──interpolated in time and on the mel scale──► the same

Whisper's own input is log10 of the power of a waveform scaled to unit variance, cut off at 8 below its maximum, then
(x + 4) / 4.  Here the maximum is a constant instead: a device's level says nothing of the voice, stored log-mel has
none, and a window's variance would depend on the silence in it.
"""

import numpy as np
from numpy.typing import NDArray

from edged.features.geometry import GEOMETRY, Geometry
from edged.features.logmel import Floats, FrontEnd, hz_to_mel

RATE_HZ = 16_000
HOP = 160  # samples between frames
# The geometry of Whisper's log-mel; what is not named here is as in the networks' own.
WHISPER = Geometry(n_fft=400, hop=HOP, n_mels=80, n_bands=80, n_frames=300)
TOP_LOG10 = 3.8  # the loudest cell on Whisper's scale: between the medians of EMO-DB (3.87) and EMOVO (3.75)
_DEPTH_DB = 80.0


def log_mel(samples: Floats) -> Floats:
    """(k, 80) dB of each band and frame of ``samples`` (n,) in [-1, 1]; frames are centred on multiples of ``HOP``."""
    return FrontEnd(WHISPER).clip_levels(samples)


def from_stored(decibels: Floats) -> Floats:
    """(k, 80) dB from ``decibels`` (m, 64) in the networks' geometry: a frame each 16 ms, pairs of bands averaged."""
    n_out = 1 + (len(decibels) - 1) * GEOMETRY.hop // HOP
    at = np.arange(n_out) * HOP / GEOMETRY.hop
    before = np.minimum(at.astype(np.int64), max(0, len(decibels) - 2))
    share = (at - before)[:, None].astype(np.float32)
    after = np.minimum(before + 1, len(decibels) - 1)
    in_time = decibels[before] * (1 - share) + decibels[after] * share
    centres = _centres(GEOMETRY.n_mels).reshape(GEOMETRY.n_bands, -1).mean(axis=1)
    wanted = _centres(WHISPER.n_mels)
    return np.asarray([np.interp(wanted, centres, row) for row in in_time], np.float32)


def encoder_input(decibels: Floats) -> Floats:
    """(k, 80) what the network takes, from dB (k, 80): relative to the loudest cell, 80 dB deep, on Whisper's scale."""
    relative = np.maximum(decibels - decibels.max(), np.float32(-_DEPTH_DB))
    return np.asarray((relative / 10 + np.float32(TOP_LOG10 + 4)) / 4, np.float32)


def _centres(n_mels: int) -> NDArray[np.float64]:
    """(n_mels,) centres of the bands in mel."""
    limits = hz_to_mel(np.array([WHISPER.f_min_hz, WHISPER.f_max_hz]))
    return np.asarray(np.linspace(limits[0], limits[1], n_mels + 2)[1:-1], np.float64)
