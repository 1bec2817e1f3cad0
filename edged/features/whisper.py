"""Band levels to the input of a Whisper encoder: the geometry and the scale that its weights were trained with.

    samples (n,) ──FrontEnd(WHISPER): frames of 25 ms every 10 ms, 80 mel bands──► levels (k, 80) dB
    levels ──below the loudest cell, 80 dB deep──► (k, 80), about -1 to 2

Whisper's own input is log10 of the power of a waveform scaled to unit variance, clipped at 8 below its maximum, then
(x + 4) / 4 (Radford et al. 2022, arXiv 2212.04356).  Here the maximum is a constant instead: a device's level says
nothing about the voice, and a window's variance would depend on the silence in it.
"""

import numpy as np

from edged.features.geometry import Geometry
from edged.features.logmel import Floats

# Fields that are not named here are as in GEOMETRY.
WHISPER = Geometry(n_fft=400, hop=160, n_mels=80, n_bands=80, n_frames=300)
TOP_LOG10 = 3.8  # the loudest cell on Whisper's scale: between the medians of EMO-DB (3.87) and EMOVO (3.75)


def encoder_input(levels: Floats) -> Floats:
    """(k, 80) the network's input, from ``levels`` (k, 80) in dB with any reference."""
    relative = levels - levels.max()
    np.maximum(relative, np.full(levels.shape[1], -WHISPER.top_db, np.float32), out=relative)
    relative /= np.float32(10)
    relative += np.float32(TOP_LOG10 + 4)
    relative /= np.float32(4)
    return np.asarray(relative, np.float32)
