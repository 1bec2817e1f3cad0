"""Pieces of sound to training windows: two are mixed, at random levels and places.

    Pieces ──front, another so many dB below, augmented──► images (b, 188, 64, 1) 0..1, targets (b, 2)

Speech lies anywhere in the window, with pauses and over whatever else a room holds; what is not speech is laid in the
same way.
"""

import numpy as np

from convert.augment.logmel import Batch, augmented, renormalised
from convert.gate.pieces import Pieces
from convert.gate.recipe import LABELS, SPEECH, GateRecipe
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_ALONE_DB = 200.0  # so far below is nothing


def batch(speech: Pieces, other: Pieces, recipe: GateRecipe, seed: tuple[int, ...]) -> tuple[Batch, Floats]:
    """Half of it speech, half not: images (batch, n_frames, n_bands, 1) 0..1 and targets (batch, 2)."""
    rng = np.random.default_rng(seed)
    half = recipe.batch // 2
    spoken = _over(_laid(speech, half, recipe, rng), _laid(other, half, recipe, rng), recipe, rng, speech=True)
    first, second = np.split(_laid(other, 2 * half, recipe, rng), 2)
    silent = _over(first, second, recipe, rng, speech=False)
    silent[rng.random(half) < recipe.flat_p] = 0
    images = np.concatenate([spoken, silent])
    targets = np.full((2 * half, len(LABELS)), recipe.smoothing / len(LABELS), np.float32)
    targets[:half, SPEECH] += 1 - recipe.smoothing
    targets[half:, 1 - SPEECH] += 1 - recipe.smoothing
    return images[..., None] / np.float32(GEOMETRY.top_db) + np.float32(1), targets


def _laid(source: Pieces, count: int, recipe: GateRecipe, rng: np.random.Generator) -> Batch:
    chosen = source.drawn(count, rng)
    start, length = source.start[chosen], source.length[chosen]
    part = np.minimum(length, rng.integers(*recipe.cut_frames, count))
    part = np.where(rng.random(count) < recipe.cut_p, part, length)
    start = start + (rng.random(count) * (length - part)).astype(np.int64)
    return augmented(source.frames, start, part, recipe.augment, rng, source.floors[chosen])


def _over(front: Batch, back: Batch, recipe: GateRecipe, rng: np.random.Generator, *, speech: bool) -> Batch:
    share, below = (
        (recipe.under_speech_p, recipe.under_speech_db) if speech else (recipe.under_other_p, recipe.under_other_db)
    )
    gap = np.where(rng.random(len(front)) < share, rng.uniform(*below, len(front)), _ALONE_DB)
    return renormalised(np.maximum(front, back - gap.astype(np.float32)[:, None, None]))
