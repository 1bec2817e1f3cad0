"""A clip to the image that the device's networks take: 3 s of log-mel below its loudest cell.

prepared log-mel ──middle window──► (188, 64) in [0, 1]
"""

from pathlib import Path

import numpy as np

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.zoo.features.store import Kind
from edged.features.logmel import Floats

_FULL = np.float32(255)


def _of_clip(clip: Clip, cache: Path) -> Floats:
    windows = dataset.images(clip, cache)
    return np.asarray(windows[len(windows) // 2] / _FULL, np.float32)


SPECTROGRAM = Kind("spectrogram", 1, _of_clip)
