"""Clips to the scores of every model; all metrics, fits and tables are computed from these arrays.

    clips ──windows, as the device sees them──► images ──models──► scores (n_windows, n_labels) by model
    scores of windows ──mean by clip──► scores (n_clips, n_labels)

A clip's scores are the mean of those of its windows, every 31 frames from its first sample on.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.atomic_file import atomic
from convert.data.dataset import clips_hash
from convert.score.isolated import apart
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, int8_input
from edged.models.interpreter import Interpreter, Runtime, installed_runtimes

_FLOAT_BATCH = 256


@dataclass(frozen=True, slots=True)
class ClipWindows:
    """Clips and the windows cut from them: window i belongs to clip ``owner[i]``."""

    clips: list[Clip]
    images: NDArray[Any]  # uint8 (n_windows, n_frames, n_bands), or float32 features of a trunk (n_windows, n)
    owner: NDArray[np.int64]

    def by_clip(self, scores: Floats) -> Floats:
        """(n_clips, n) the mean over each clip's windows of ``scores`` (n_windows, n)."""
        sums = np.zeros((len(self.clips), scores.shape[1]), np.float64)
        np.add.at(sums, self.owner, scores)
        return np.asarray(sums / np.bincount(self.owner, minlength=len(self.clips))[:, None], np.float32)

    def label_indices(self, labels: Sequence[str]) -> NDArray[np.int64]:
        """(n_clips,) the index of each clip's label in ``labels``, -1 for clips with another one."""
        indices = {label: index for index, label in enumerate(labels)}
        return np.array([indices.get(str(clip.label), -1) for clip in self.clips], np.int64)


def clip_windows(clips: Sequence[Clip], cache: Path, copies: Sequence[Sequence[NDArray[np.uint8]]] = ()) -> ClipWindows:
    """The windows of prepared ``clips``, then of ``copies``: lists of one augmented copy (k, 64) a clip."""
    parts = [dataset.images(clip, cache) for clip in clips]
    parts += [dataset.windows(copy) for version in copies for copy in version]
    owner = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    shape = (0, GEOMETRY.n_frames, GEOMETRY.n_bands)
    return ClipWindows(list(clips) * (1 + len(copies)), np.concatenate([np.zeros(shape, np.uint8), *parts]), owner)


def dequantised(images: NDArray[np.uint8]) -> Floats:
    """(n, n_frames, n_bands, 1), 0..1: the input of the float networks."""
    return np.asarray(images[..., None] / np.float32(255), np.float32)


def float_scores(model: Any, images: NDArray[np.uint8]) -> Floats:  # noqa: ANN401 - keras has no types
    """(n_windows, n_labels) of a float network that ends in scores."""
    parts = [
        np.asarray(model(dequantised(images[first : first + _FLOAT_BATCH]), training=False))
        for first in range(0, len(images), _FLOAT_BATCH)
    ]
    return np.concatenate(parts, dtype=np.float32)


def int8_scores(
    contents: Mapping[str, bytes], n_labels: Mapping[str, int], runtime: Runtime, windows: ClipWindows, store: Path
) -> dict[str, Floats]:
    """Scores of all windows by model, cached in ``store`` under the hash of model, clips and runtime."""
    order = [clip.id for clip in windows.clips]  # the hash of the clips does not depend on it
    clips = f"{clips_hash(windows.clips)}{order}{runtime}{len(windows.images)}".encode()
    if windows.images.dtype == np.float32:  # features, which depend on their trunk
        clips += hashlib.sha256(windows.images.tobytes()).digest()
    targets = {
        name: store / f"{hashlib.sha256(content + clips).hexdigest()[:24]}.npy" for name, content in contents.items()
    }
    absent = {name: contents[name] for name, target in targets.items() if not target.is_file()}
    if absent:
        computed = apart(model_scores, absent, dict(n_labels), runtime, windows.images)
        for name, scores in computed.items():
            with atomic(targets[name]) as file:
                np.save(file, scores)
    return {name: np.load(target) for name, target in targets.items()}


def model_scores(
    contents: dict[str, bytes],
    n_labels: dict[str, int],
    runtime: Runtime,
    images: NDArray[Any],
) -> dict[str, Floats]:
    """(n_windows, n) scores by model of ``images`` (n_windows, n_frames, n_bands), or of features (n_windows, n)."""
    n_features = images.shape[1] if images.dtype == np.float32 else None
    given = int8_input(images) if n_features is None else images
    by_model = {}
    for name, content in contents.items():
        interpreter = Interpreter(name, content, n_labels[name], n_threads=1, runtime=runtime, n_features=n_features)
        windows = tqdm(given, desc=f"{name} on {runtime}", unit="window", leave=False, disable=None)
        scores = [interpreter.scores(image) for image in windows]
        by_model[name] = np.array(scores, np.float32).reshape(-1, n_labels[name])
    return by_model


def prove_loads(contents: dict[str, bytes], n_labels: dict[str, int]) -> None:
    """Loads each model on every installed runtime; a model whose input is not the front end's is refused.

    Raises:
        ModelError: the device could not load a model.
    """
    for runtime in installed_runtimes():
        for name, content in contents.items():
            Interpreter(name, content, n_labels[name], n_threads=1, runtime=runtime)
