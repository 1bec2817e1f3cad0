"""A clip to the features of a pretrained speech encoder: the trunk of the shipped large bundle, frozen.

clip ──windows of 3 s every half second──► trunk ──pooled where somebody speaks──► mean over windows (2304,)

The encoder learned from speech without emotion labels, so no fold's speakers are in it (docs/models.md, The large
bundle).
"""

from functools import cache
from pathlib import Path

import numpy as np

from convert.corpora.clip import Clip
from convert.train.heads import placing
from convert.train.heads.clip_levels import decibels
from convert.zoo.features.store import Kind
from edged.features.logmel import Floats, relative_levels
from edged.features.whisper import WHISPER
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from edged.models.interpreter import installed_runtimes
from edged.models.trunk import Trunk

LARGE = DEFAULT_BUNDLE.with_name("large")


@cache
def multiply_adds() -> int:
    """Of the trunk, for one window."""
    trunk = load_bundle(LARGE).manifest.trunk
    return trunk.multiply_adds if trunk else 0


@cache
def _trunk() -> Trunk:
    return Trunk(load_bundle(LARGE), runtime=installed_runtimes()[0])


def _of_clip(clip: Clip, folder: Path) -> Floats:
    windows = placing.as_it_comes(decibels(clip, folder, WHISPER), WHISPER)
    features = [_trunk().features(relative_levels(window, WHISPER)) for window in windows]
    return np.asarray(np.mean(features, axis=0), np.float32)


ENCODER = Kind("encoder", 1, _of_clip)
