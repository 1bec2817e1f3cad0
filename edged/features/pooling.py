"""A trunk's outputs to the features of a window: mean and spread over the positions with speech.

    levels (n_frames, n_bands) dB ──mean power by frame, loudest frame by position──► active (n_positions,)
    outputs (n_positions, width) ──mean and standard deviation over active positions──► features (2 * width,)

Pauses and the silence around a single word say nothing about the emotion, and how much of them a window holds depends
on when it was cut.  Training and device both pool here.
"""

import numpy as np
from numpy.typing import NDArray

from edged.features.logmel import Floats

_BITS = np.float32(np.log2(10) / 10)  # bits of power in a decibel: exp2 takes an eighth of the time of 10 ** x
_MIN_POSITIONS = 5  # with fewer active positions there is no speech, and all positions are pooled


def active_positions(levels: Floats, n_positions: int, active_db: float) -> NDArray[np.bool_]:
    """(n_positions,) True where a position has a frame within ``active_db`` of the loudest frame of ``levels``.

    ``levels`` (n_frames, n_bands) are dB with any reference.  All positions cover the same number of frames, except the
    last one, which may cover fewer.  If fewer than five would be active, all are.
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

    ``work`` is working memory with the shape of ``outputs``: without it the largest array is allocated, which takes
    longer than the sums.
    """
    shares = active.astype(np.float32) / np.float32(np.count_nonzero(active))
    mean = shares @ outputs
    differences = np.subtract(outputs, mean, out=work)
    spread = np.sqrt(shares @ np.square(differences, out=differences))
    return np.concatenate([mean, spread], dtype=np.float32)
