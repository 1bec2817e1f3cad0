"""Embeddings of windows to two voices: each window belongs to the nearer one.

    embeddings (n, 256) ──less their mean, length 1──► directions ──two means on the sphere, best of 10──► sides (n,)

Two voices of one gender share most of their embedding, and that part is removed with the mean.  ``VoiceEncoder`` has
already removed what varies within one speaker, such as anger.
"""

from typing import NamedTuple

import numpy as np

from edged.features.logmel import Floats

_N_STARTS, _N_STEPS = 10, 30
_SEED = 1
_TINY = 1e-6


class Sides(NamedTuple):
    """To which of two voices each window belongs."""

    sides: Floats  # (n,) above 0: the first, below 0: the second; on average 1 from it
    alike: float  # cosine between the mean embeddings of both: 1 is the same voice


def two_sides(embeddings: Floats) -> Sides | None:
    """The sides of ``embeddings`` (n, 256); None if they cannot be split."""
    if len(embeddings) < 2:  # noqa: PLR2004 -- one window is one voice
        return None
    directions = _unit(embeddings - embeddings.mean(axis=0))
    means = _means(directions)
    if means is None:
        return None
    sides = directions @ (means[0] - means[1])
    first = sides > 0
    if first.all() or not first.any():
        return None
    both = _unit(np.stack([embeddings[first].mean(axis=0), embeddings[~first].mean(axis=0)]))
    scale = max(float(np.abs(sides).mean()), _TINY)
    return Sides(np.asarray(sides / scale, np.float32), float(both[0] @ both[1]))


def _means(directions: Floats) -> Floats | None:
    """(2, 256) the means that the ``directions`` (n, 256) lie nearest to; None if all are alike."""
    rng = np.random.default_rng(_SEED)
    best, best_sum = None, -np.inf
    for _ in range(_N_STARTS):
        first = directions[rng.integers(len(directions))]
        means = np.stack([first, directions[int((directions @ first).argmin())]])
        for _ in range(_N_STEPS):
            nearer = (directions @ means.T).argmax(axis=1)
            if nearer.min() == nearer.max():
                break
            before, means = means, _unit(np.stack([directions[nearer == side].mean(axis=0) for side in (0, 1)]))
            if np.allclose(before, means):
                break
        near = directions @ means.T
        total = float(near.max(axis=1).sum())
        if len(set(near.argmax(axis=1).tolist())) == len(means) and total > best_sum:
            best, best_sum = means, total
    return best


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), _TINY), np.float32)
