"""A trunk's outputs to the features of a window: mean and spread over the positions at which somebody speaks.

    levels (n_frames, n_bands) dB ──mean power by frame, loudest frame by position──► active (n_positions,)
    outputs (n_positions, width) ──mean and standard deviation over active positions──► features (2 * width,)

Pauses and the silence around a single word say nothing of the emotion, and how much of them a window holds depends on
when it was cut.  Training and device both pool here.
"""

import numpy as np
from numpy.typing import NDArray

from edged.features.logmel import Floats

_BITS = np.float32(np.log2(10) / 10)  # of power in a decibel: powers of 2 take an eighth of the time of those of 10
_MIN_POSITIONS = 5  # fewer than these are no speech: then all positions are pooled


def active_positions(levels: Floats, n_positions: int, active_db: float) -> NDArray[np.bool_]:
    """(n_positions,) which positions have a frame within ``active_db`` of the loudest frame of ``levels``.

    ``levels`` (n_frames, n_bands) are dB of any reference.  A position covers as many frames as the first one does;
    the last one may cover fewer.  All are active where fewer than five would be.
    """
    power = np.exp2((levels - levels.max()) * _BITS) @ np.ones(levels.shape[1], np.float32)
    frames = -(-len(levels) // n_positions)
    loudest = np.zeros(n_positions * frames, np.float32)
    loudest[: len(levels)] = power
    by_position = loudest.reshape(n_positions, frames).max(axis=1)
    active: NDArray[np.bool_] = by_position > by_position.max() * 10 ** (-active_db / 10)
    return active if np.count_nonzero(active) >= _MIN_POSITIONS else np.ones(n_positions, np.bool_)


def pooled(outputs: Floats, active: NDArray[np.bool_], work: Floats | None = None) -> Floats:
    """(2 * width,) the mean, then the standard deviation of ``outputs`` (n_positions, width) where ``active``.

    ``work`` is memory of the shape of ``outputs``: without it the largest array is allocated anew, which takes longer
    than the sums.
    """
    shares = active.astype(np.float32) / np.float32(np.count_nonzero(active))
    mean = shares @ outputs
    differences = np.subtract(outputs, mean, out=work)
    spread = np.sqrt(shares @ np.square(differences, out=differences))
    return np.concatenate([mean, spread], dtype=np.float32)
