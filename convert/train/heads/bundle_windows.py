"""Windows of clips as a bundle's models see them: images, or the features that its trunk makes of them.

Bundle, clips ──windows in the bundle's geometry──► ClipWindows of images
──its trunk───────────────────────► ClipWindows of features, cached
Bundle, dB (k, 80) or images ──its trunk──► features (n_windows, n)
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.atomic_file import atomic
from convert.encoder.features import log_mel
from convert.score import clip_scores
from convert.score.clip_scores import ClipWindows
from convert.score.isolated import apart
from convert.train.heads import placing
from convert.train.heads.window_features import recorded_windows
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, relative_levels
from edged.features.whisper import WHISPER
from edged.features.windows import Windows
from edged.models.bundle import Bundle
from edged.models.interpreter import installed_runtimes
from edged.models.trunk import Trunk


def clip_windows(bundle: Bundle, clips: Sequence[Clip], cache: Path, store: Path) -> ClipWindows:
    """The windows of prepared ``clips``; of a bundle with a trunk their features, cached in ``store``."""
    if bundle.manifest.trunk is None:
        return clip_scores.clip_windows(clips, cache)
    order = f"{dataset.clips_hash(clips)} {[clip.id for clip in clips]} {bundle.manifest.trunk}"
    file = store / f"features-{hashlib.sha256(order.encode()).hexdigest()[:24]}.npz"
    if not file.is_file():
        values, owner = apart(features_of_clips, bundle, list(clips), cache)
        with atomic(file) as made:
            np.savez(made, values=values, owner=owner)
    with np.load(file) as stored:
        return ClipWindows(list(clips), stored["values"], stored["owner"])


def features_of_clips(bundle: Bundle, clips: list[Clip], cache: Path) -> tuple[Floats, NDArray[np.int64]]:
    """Features (n_windows, n) and owners of the windows of ``clips``, in this process."""
    trunk = Trunk(bundle, runtime=installed_runtimes()[0])
    values, owner = [], []
    for index, clip in enumerate(clips):
        for window in recorded_windows(clip, cache, bundle.geometry):
            values.append(trunk.features(window))
            owner.append(index)
    return np.array(values, np.float32), np.array(owner, np.int64)


def features_of_sound(bundle: Bundle, trunk: Trunk, samples: Floats) -> list[Floats]:
    """Features (n,) of each window of ``samples`` (n_samples,)."""
    if bundle.geometry == WHISPER:
        levels = placing.as_it_comes(log_mel(samples), WHISPER)
        return [trunk.features(relative_levels(window, WHISPER)) for window in levels]
    cut = Windows(GEOMETRY, dataset.STRIDE_FRAMES * GEOMETRY.hop)
    return [trunk.features(window.image) for window in (*cut.push(samples, 0), *cut.finish())]
