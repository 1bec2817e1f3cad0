"""Mean levels of bands, and windows without a shift of them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edged.features.geometry import GEOMETRY
from edged.models.bands import band_levels, without_shift

SHAPE = (GEOMETRY.n_frames, GEOMETRY.n_bands)


def image(level_db: float = -30.0) -> NDArray[np.int8]:
    """Speech of a level in the middle third of the frames, one cell of it at 0 dB, and the floor elsewhere."""
    levels = np.full(SHAPE, -GEOMETRY.top_db)
    levels[60:120] = level_db
    levels[90, 10] = 0
    return np.asarray(np.rint((levels + GEOMETRY.top_db) / GEOMETRY.quantum_db) - 128, np.int8)


def test_levels_are_of_the_frames_with_speech() -> None:
    """Silent frames do not count, and a band's mean is in dB below the loudest cell."""
    assert band_levels(image(-20.0)) == pytest.approx(np.full(64, -20) + 20 / 60 * (np.arange(64) == 10), abs=0.2)


def test_levels_of_silence() -> None:
    """A window without any contrast has levels, all of them equal."""
    assert band_levels(np.full(SHAPE, 127, np.int8)) == pytest.approx(np.zeros(64), abs=1e-4)


def test_no_shift_changes_nothing() -> None:
    """The same bytes."""
    assert (without_shift(image(), np.zeros(64, np.float32)) == image()).all()


def test_shift_is_removed() -> None:
    """A microphone's curve, added to the speech of a window, is gone; the floor is the floor."""
    curve = np.asarray(6 * np.sin((np.arange(64) - 10) / 5), np.float32)  # 0 where the loudest cell is
    speech = image()
    coloured = speech.copy()
    coloured[60:120] = np.rint(speech[60:120] + curve / GEOMETRY.quantum_db).clip(-128, 127)
    restored = without_shift(coloured, curve)
    assert np.abs(restored.astype(int) - speech).max() <= 1


def test_a_shift_of_all_bands_changes_nothing() -> None:
    """Images are relative to their loudest cell, so a level is no shift."""
    assert (without_shift(image(), np.full(64, 9, np.float32)) == image()).all()


def test_huge_shift_stays_in_range() -> None:
    """Cells end at the floor and at the loudest value."""
    shifted = without_shift(image(), np.linspace(-300, 300, 64, dtype=np.float32))
    assert shifted.dtype == np.int8
    assert (shifted.min(), shifted.max()) == (-128, 127)
