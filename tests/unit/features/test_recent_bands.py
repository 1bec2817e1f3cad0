"""RecentBands: the image of a window, equal to that of ``FrontEnd.image`` to the last bit."""

from dataclasses import replace

import numpy as np
import pytest

from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, FrontEnd, int8_input
from edged.features.recent_bands import RecentBands
from tests.parts.sound.speech import noise


def levels_of(spread_db: float) -> Floats:
    """(188, 128) levels, of which as many lie below the floor as ``spread_db`` says."""
    levels = FrontEnd().clip_levels(noise(2.992))
    rising = np.linspace(-spread_db, 0, len(levels))[:, None]
    dips = np.where(np.arange(GEOMETRY.n_mels) % 3, 0, -spread_db / 4)
    return np.asarray(levels + rising + dips, np.float32)


@pytest.mark.parametrize("spread_db", [0.0, 40.0, 160.0])
def test_image_equals_that_of_the_front_end(spread_db: float) -> None:
    """Cells above the floor, pairs of which one is below it, and pairs of which both are."""
    levels = levels_of(spread_db)
    bands = RecentBands(GEOMETRY)
    bands.put(levels, 0)
    np.testing.assert_array_equal(bands.image(0, len(levels)), int8_input(FrontEnd().image(levels)))


def test_image_across_the_wrap() -> None:
    """A window that begins anywhere in the ring is one view."""
    levels, bands = levels_of(60.0), RecentBands(GEOMETRY)
    bands.put(levels[-31:], 0)
    bands.put(levels[:-31], 31)
    np.testing.assert_array_equal(bands.image(31, len(levels)), int8_input(FrontEnd().image(levels)))


def test_images_of_a_stream() -> None:
    """Strides that are softer and louder than what came before: the floor stays, rises and falls."""
    random, bands, row = np.random.default_rng(0), RecentBands(GEOMETRY), 0
    ring = np.zeros((0, GEOMETRY.n_mels), np.float32)
    floors = set()
    for gain_db in (0.0, -10, -10, 5, -30, -30, -30, -30, -30, -30, -30, -30, -5):
        levels = (random.normal(-40, 15, (47, GEOMETRY.n_mels)) + gain_db).astype(np.float32)
        bands.put(levels, row)
        row = (row + 47) % GEOMETRY.n_frames
        ring = np.concatenate([ring, levels])[-GEOMETRY.n_frames :]
        if len(ring) == GEOMETRY.n_frames:
            floors.add(float(ring.max()))
            np.testing.assert_array_equal(bands.image(row, len(ring)), int8_input(FrontEnd().image(ring)))
    assert 2 < len(floors) < 10


def test_image_of_few_frames_is_silent_after_them() -> None:
    """As for a clip that is shorter than a window."""
    levels, bands = levels_of(60.0)[:40], RecentBands(GEOMETRY)
    bands.put(levels, 0)
    image = bands.image(0, 40)
    np.testing.assert_array_equal(image, int8_input(FrontEnd().image(levels)))
    assert (image[40:] == -128).all()


def test_other_than_pairs_are_refused() -> None:
    """The sums of pairs are what makes the floor cheap."""
    with pytest.raises(ValueError, match=r"n_mels is 64, expected twice n_bands \(64\)"):
        RecentBands(replace(GEOMETRY, n_mels=64))
