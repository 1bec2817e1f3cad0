"""Clips to the scores of a bundle's models, as fusion takes them.

Bundle, prepared clips ──its trunk, if it has one, int8──► scores (n, 6) of the default routing, log scores (n, 16)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import LABELS, Clip
from convert.score.rows import by_way
from convert.score.runtimes import int8
from convert.train.heads import bundle_windows
from edged.features.logmel import Floats
from edged.models.bundle import Bundle

_FLOOR = 1e-4


@dataclass(frozen=True, slots=True)
class Voices:
    """Clips with one of the six labels, and the voice's scores of each."""

    clips: list[Clip]
    scores: Floats  # (n, 6) in the order of LABELS
    outputs: Floats  # (n, 16) log scores of the five models, concatenated: the input of early fusion
    truth: NDArray[np.int64]  # (n,) index in LABELS

    @property
    def speakers(self) -> list[str]:
        """Of each clip."""
        return [clip.speaker for clip in self.clips]


def voices(bundle: Bundle, clips: Sequence[Clip], cache: Path, store: Path) -> Voices:
    """The scores of prepared ``clips``, cached in ``store``."""
    windows = bundle_windows.clip_windows(bundle, clips, cache, store)
    raw = int8(bundle, windows, store)
    manifest = bundle.manifest
    columns = [manifest.labels.index(label) for label in LABELS]
    outputs = [windows.by_clip(np.log(np.maximum(raw[name], _FLOOR))) for name in manifest.models]
    return Voices(
        list(clips),
        by_way(manifest, raw, windows)[manifest.routes.default][:, columns],
        np.concatenate(outputs, axis=1),
        windows.label_indices(LABELS),
    )
