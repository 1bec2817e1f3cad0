"""The mean level of each band of a window's speech, and the window with a shift of these levels removed.

    image (188, 64) int8 ──frames within 30 dB of the loudest──► band_levels (64,) dB below the loudest cell
    image, shift (64,) dB ──without_shift──► image (188, 64) int8

A microphone, a room and a voice each have a curve over the bands.  It is subtracted from all cells well above the
floor; cells near the floor are silence and stay as they are.  Afterwards the loudest cell is at 0 dB again, as the
models expect.
"""

import numpy as np
from numpy.typing import NDArray

from edged.features.geometry import GEOMETRY, Geometry
from edged.features.logmel import Floats, int8_input

_ACTIVE_DB = 30.0  # frames this far below the loudest hold no speech
_FADE_DB = 20.0  # this far above the floor a cell gets the whole shift; below, in proportion


def band_levels(image: NDArray[np.int8], geometry: Geometry = GEOMETRY) -> Floats:
    """(n_bands,) mean dB of the active frames of ``image`` (n_frames, n_bands), from -top_db to 0."""
    levels = _above_floor(image, geometry) - np.float32(geometry.top_db)
    frame_db = 10 * np.log10((10 ** (levels / 10)).mean(axis=1))
    return np.asarray(levels[frame_db >= frame_db.max() - _ACTIVE_DB].mean(axis=0), np.float32)


def without_shift(image: NDArray[np.int8], shift_db: Floats, geometry: Geometry = GEOMETRY) -> NDArray[np.int8]:
    """``image`` (n_frames, n_bands) without ``shift_db`` (n_bands,), its loudest cell at 0 dB."""
    above = _above_floor(image, geometry)
    share = np.minimum(1, above / np.float32(_FADE_DB))
    moved = above - shift_db * share
    moved += (np.float32(geometry.top_db) - moved.max()) * share
    steps = np.rint(moved * np.float32(1 / geometry.quantum_db))
    return int8_input(np.clip(steps, 0, 255).astype(np.uint8))


def _above_floor(image: NDArray[np.int8], geometry: Geometry) -> Floats:
    return (image.astype(np.float32) + 128) * np.float32(geometry.quantum_db)
