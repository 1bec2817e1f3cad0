"""Which positions are pooled, and what of them."""

import numpy as np

from edged.features.pooling import active_positions, pooled


def test_active_positions_have_a_loud_frame() -> None:
    """The louder of a position's two frames decides; 30 dB below the loudest is not active at 25 dB."""
    levels = np.full((20, 8), -70.0, np.float32)
    levels[1:11] = -30.0
    levels[14:16] = -50.0  # 20 dB below
    levels[18:20] = -60.0  # 30 dB below
    expected = [0, 1, 2, 3, 4, 5, 7]
    assert np.flatnonzero(active_positions(levels, 10, 25.0)).tolist() == expected


def test_active_positions_take_the_mean_power_of_a_frame() -> None:
    """One loud band of eight is 9 dB less than all eight."""
    levels = np.full((12, 8), -80.0, np.float32)
    levels[:10] = -20.0
    levels[10:, 0] = -20.0
    assert active_positions(levels, 6, 9.5)[5]
    assert not active_positions(levels, 6, 8.5)[5]


def test_active_positions_of_frames_that_do_not_divide() -> None:
    """188 frames and 24 positions: eight frames each, the last has four."""
    levels = np.full((188, 4), -80.0, np.float32)
    levels[:80] = levels[184] = 0.0
    assert np.flatnonzero(active_positions(levels, 24, 40.0)).tolist() == [*range(10), 23]


def test_all_are_active_where_too_few_would_be() -> None:
    """A click is no speech."""
    levels = np.full((20, 8), -70.0, np.float32)
    levels[4] = 0.0
    assert active_positions(levels, 10, 40.0).all()


def test_silence_is_active_throughout() -> None:
    """Equal levels, whatever they are."""
    assert active_positions(np.full((20, 8), -100.0, np.float32), 10, 40.0).all()


def test_pooled_is_mean_then_spread_of_active_positions() -> None:
    """Of the whole width, in this order."""
    outputs = np.array([[1, 10], [3, 10], [100, 100]], np.float32)
    found = pooled(outputs, np.array([True, True, False]))
    assert found.dtype == np.float32
    assert found.tolist() == [2, 10, 1, 0]


def test_pooled_in_memory_of_the_caller() -> None:
    """The same numbers, and the outputs stay as they are."""
    outputs = np.random.default_rng(0).normal(3, 2, (30, 6)).astype(np.float32)
    before, active = outputs.copy(), np.arange(30) % 3 > 0
    found = pooled(outputs, active, np.empty_like(outputs))
    np.testing.assert_array_equal(outputs, before)
    np.testing.assert_allclose(found[:6], outputs[active].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found[6:], outputs[active].std(axis=0), rtol=1e-5)
