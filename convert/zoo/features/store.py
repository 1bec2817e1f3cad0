"""Features of clips by kind, computed once and kept on disk.

    clips ──kind's function──► arrays ──► <folder>/<kind>-<version>/<hash of the sound>.npy

A kind's version changes with its definition, so that no stale file is read.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.atomic_file import atomic
from edged.features.logmel import Floats


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of features."""

    name: str
    version: int
    of: Callable[[Clip, Path], Floats]  # of a clip; the path is the folder with its log-mel


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training gave, for a second use of it."""

    key: Hashable  # says of which network, task and clips
    weights: list[Floats]
    seconds: float  # of the processor


class Store:
    """Keeps features below a folder, and in memory those that were used."""

    def __init__(self, folder: Path, cache: Path) -> None:
        """``cache`` has the log-mel of every clip, see convert/data/dataset.py."""
        self.folder, self.cache = folder, cache
        self._known: dict[tuple[str, str], Floats] = {}
        self.last: Trained | None = None  # half a gigabyte where a network is large, so only one
        self.saved_s = 0.0  # CPU seconds of the trainings that were used again

    def arrays(self, kind: Kind, clips: Sequence[Clip]) -> list[Floats]:
        """One array a clip, in their order.

        Raises:
            RecordingError: a sound cannot be read.
        """
        missing = [clip for clip in clips if (kind.name, clip.id) not in self._known]
        for clip in tqdm(missing, desc=kind.name, unit="clip", mininterval=1, leave=False, disable=None):
            self._known[kind.name, clip.id] = self._one(kind, clip)
        return [self._known[kind.name, clip.id] for clip in clips]

    def matrix(self, kind: Kind, clips: Sequence[Clip]) -> Floats:
        """(n_clips, …) where every clip's array has the same shape."""
        return np.stack(self.arrays(kind, clips))

    def _one(self, kind: Kind, clip: Clip) -> Floats:
        place = f"-{clip.stored.start}" if clip.stored else ""
        file = self.folder / f"{kind.name}-{kind.version}" / f"{dataset.sound_hash(clip)}{place}.npy"
        if not file.is_file():
            with atomic(file) as made:
                np.save(made, kind.of(clip, self.cache))
        values: Floats = np.load(file)
        return values
