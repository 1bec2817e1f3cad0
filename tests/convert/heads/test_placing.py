"""Where a clip stands in its window: as it comes, moved and cut, and in another place."""

import numpy as np
import pytest

from convert.train.heads.placing import SILENT_DB, Elsewhere, as_it_comes, moved
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.whisper import WHISPER


def spoken(n_frames: int, *, pause: int = 0) -> Floats:
    """(n_frames, 80) dB of something loud, with ``pause`` silent frames on both sides."""
    levels = np.random.default_rng(0).normal(-30, 3, (n_frames, 80)).astype(np.float32)
    if pause:
        levels[:pause] = levels[-pause:] = -90
    return levels


def test_a_short_clip_stands_at_the_start() -> None:
    """As ``edged classify`` meets it; what is missing is silent."""
    levels = spoken(120)
    (window,) = as_it_comes(levels, WHISPER)
    assert window.shape == (300, 80)
    np.testing.assert_array_equal(window[:120], levels)
    assert (window[120:] == SILENT_DB).all()


@pytest.mark.parametrize(("n_frames", "expected"), [(300, 1), (349, 1), (350, 2), (500, 5)])
def test_a_long_clip_has_a_window_every_half_second(n_frames: int, expected: int) -> None:
    """From its first frame on, all of them whole."""
    levels = spoken(n_frames)
    windows = as_it_comes(levels, WHISPER)
    assert len(windows) == expected
    for number, window in enumerate(windows):
        np.testing.assert_array_equal(window, levels[number * 50 :][:300])


def test_moved_keeps_a_part_of_the_clip_somewhere() -> None:
    """The same seed gives the same window; different ones start at different frames, and some hold a word only."""
    levels = spoken(250, pause=60)
    starts, lengths = set(), set()
    for seed in range(40):
        window = moved(levels, np.random.default_rng(seed), WHISPER)
        np.testing.assert_array_equal(window, moved(levels, np.random.default_rng(seed), WHISPER))
        loud = np.flatnonzero(window.mean(axis=1) > -60)
        assert window.shape == (300, 80)
        assert 20 <= len(loud) <= 130  # a word's surroundings are the clip's noise, not its own quietest part
        starts.add(int(loud[0]))
        lengths.add(len(loud))
    assert max(starts) - min(starts) > 100
    assert min(lengths) < 100 < max(lengths)


def test_moved_takes_a_window_of_a_long_clip() -> None:
    """Never more than a window."""
    for seed in range(10):
        assert moved(spoken(700), np.random.default_rng(seed), WHISPER).shape == (300, 80)


def test_windows_of_the_networks_geometry() -> None:
    """188 frames of 64 bands, half a second apart; parts are as long in seconds as the encoder's."""
    levels = np.random.default_rng(0).normal(-30, 3, (280, 64)).astype(np.float32)
    windows = as_it_comes(levels, GEOMETRY)
    assert [window.shape for window in windows] == [(188, 64)] * 3
    np.testing.assert_array_equal(windows[1], levels[31:219])
    lengths = set()
    for seed in range(40):
        window = moved(levels, np.random.default_rng(seed), GEOMETRY)
        assert window.shape == (188, 64)
        lengths.add(int((window.mean(axis=1) > SILENT_DB).sum()))
    assert 31 <= min(lengths) <= 100


def test_elsewhere_changes_all_clips_of_a_place_alike() -> None:
    """The response is added to every frame; slower speech is longer."""
    place = Elsewhere(0.8, 0.0, np.linspace(-3, 3, 80, dtype=np.float32))
    levels = np.full((81, 80), -20, np.float32)
    changed = place.changed(levels)
    assert len(changed) == 100
    np.testing.assert_allclose(changed, np.broadcast_to(-20 + place.response, changed.shape), atol=1e-4)


def test_elsewhere_moves_the_voice() -> None:
    """Two bands up: what was in band 10 is in band 12."""
    levels = np.full((50, 80), -60, np.float32)
    levels[:, 10] = 0
    changed = Elsewhere(1.0, 2.0, np.zeros(80, np.float32)).changed(levels)
    assert changed[0].argmax() == 12


def test_drawn_places_differ_and_repeat() -> None:
    """By their seed."""
    first, again, other = (Elsewhere.drawn(np.random.default_rng(seed), 80) for seed in (1, 1, 2))
    assert first.speed == again.speed
    assert (first.response == again.response).all()
    assert first.speed != other.speed
    assert 0.9 <= first.speed <= 1.1
