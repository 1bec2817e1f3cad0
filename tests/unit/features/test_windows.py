"""windows.py: any cut of a stream gives the same windows; lost sound is never bridged."""

import tracemalloc
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, FrontEnd, int8_input
from edged.features.windows import Window, Windows
from tests.parts.sound.speech import clips, noise

_STRIDE = 31 * 256


def windows_of(samples: Floats, cuts: list[int], stride: int = _STRIDE) -> list[Window]:
    """The windows of ``samples`` handed over in pieces that end at ``cuts`` and at the end."""
    windows = Windows(GEOMETRY, stride)
    ends = [0, *cuts, len(samples)]
    actual = [window for begin, end in pairwise(ends) for window in windows.push(samples[begin:end], begin)]
    return [*actual, *windows.finish()]


def assert_same(actual: list[Window], expected: list[Window]) -> None:
    """Equal in time and marks; the images differ by no more than the rounding of another order of additions."""
    assert [(w.start, w.end, w.discontinuous) for w in actual] == [(w.start, w.end, w.discontinuous) for w in expected]
    for one, other in zip(actual, expected, strict=True):
        assert np.abs(one.image.astype(int) - other.image).max() <= 1
        np.testing.assert_allclose(one.speech_dbfs, other.speech_dbfs, atol=1e-3)
        assert one.level_dbfs == pytest.approx(other.level_dbfs, abs=1e-3)


@pytest.mark.parametrize("length", [1, 160, 255, 256, 257, 1023, 1024, 4096, 7936, 48000])
def test_push_any_cut_same_windows(length: int) -> None:
    """Blocks of one sample or of 3 s make no difference."""
    samples = noise(5.0)
    assert_same(windows_of(samples, list(range(length, len(samples), length))), windows_of(samples, []))


def test_push_uneven_cuts_same_windows(corpora: Path) -> None:
    """Real speech in pieces of all lengths, some of them empty."""
    samples = np.concatenate(clips(corpora, "emodb", 4))
    cuts = np.sort(np.random.default_rng(3).integers(0, len(samples), 200)).tolist()
    assert_same(windows_of(samples, [0, 0, *cuts]), windows_of(samples, []))


def test_push_first_window_as_training(corpora: Path) -> None:
    """The first window of a stream is the image that training makes of the same clip."""
    (clip,) = clips(corpora, "ravdess", 1)
    front_end = FrontEnd()
    expected = int8_input(front_end.image(front_end.clip_levels(clip)[: GEOMETRY.n_frames]))
    assert np.abs(windows_of(clip, [])[0].image.astype(int) - expected).max() <= 1


def test_push_times() -> None:
    """The first window spans the first 2.992 s, each next one begins a stride later."""
    actual = windows_of(noise(6.0), [])
    assert [(window.start, window.end) for window in actual] == [
        (start, start + GEOMETRY.window) for start in range(0, 96000 - GEOMETRY.window + 1, _STRIDE)
    ]
    assert [window.discontinuous for window in actual] == [True] + [False] * (len(actual) - 1)


@pytest.mark.parametrize("frames", [1, 31, 187, 188, 400])
def test_push_stride(frames: int) -> None:
    """Every stride is kept, even one longer than the window."""
    actual = windows_of(noise(12.0), [], stride=frames * 256)
    assert {later.start - earlier.start for earlier, later in pairwise(actual)} == {frames * 256}


def test_push_window_needs_its_last_sample() -> None:
    """The window's last frame reaches half a frame past its centre: one sample short, there is no window yet."""
    windows = Windows(GEOMETRY, _STRIDE)
    needed = GEOMETRY.window + GEOMETRY.n_fft // 2
    samples = noise(4.0)
    assert list(windows.push(samples[: needed - 1], 0)) == []
    assert len(list(windows.push(samples[needed - 1 : needed], needed - 1))) == 1


def test_push_after_gap_no_window_bridges() -> None:
    """Lost samples empty the ring: the next window is of the sound after them alone, and says so."""
    before, after = noise(3.5), noise(4.0, 0.01)
    windows = Windows(GEOMETRY, _STRIDE)
    list(windows.push(before, 0))
    start = len(before) + 5000
    actual = [*windows.push(after, start), *windows.finish()]
    assert actual[0].start == start
    assert [window.discontinuous for window in actual] == [True] + [False] * (len(actual) - 1)
    alone = windows_of(after, [])
    assert_same([replace(window, start=window.start + start, end=window.end + start) for window in alone], actual)


def test_push_count_backwards_restarts() -> None:
    """A count that jumps back, as that of a source that began anew, is a gap as well."""
    windows = Windows(GEOMETRY, _STRIDE)
    list(windows.push(noise(4.0), 0))
    assert next(windows.push(noise(4.0), 0)).discontinuous


def test_restart_forgets_what_came_before() -> None:
    """The next stream has the same windows as the first one of new ``Windows``."""
    sound = np.random.default_rng(1).standard_normal(70_000).astype(np.float32) / 10
    windows = Windows(GEOMETRY, 7936)
    alone = [*windows.push(sound, 0), *windows.finish()]
    windows.restart()
    again = [*windows.push(sound, 0), *windows.finish()]
    assert [window.start for window in again] == [window.start for window in alone]
    for one, other in zip(again, alone, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
    assert again[0].discontinuous


def test_finish_short_clip() -> None:
    """A clip below one window gives one window, silent after its end."""
    (window,) = windows_of(noise(1.0), [])
    assert (window.start, window.end) == (0, 62 * 256)
    assert window.image[:63].min() > -128
    assert np.all(window.image[63:] == -128)
    assert np.all(window.speech_dbfs[63:] == -96)


def test_finish_exact_window() -> None:
    """2.992 s of sound are one window, complete only at the end of the source."""
    assert [window.end for window in windows_of(noise(3.0)[: GEOMETRY.window], [])] == [GEOMETRY.window]


@pytest.mark.parametrize("n_samples", [0, 1, 511])
def test_finish_hardly_any_sound(n_samples: int) -> None:
    """Below half a frame there is one frame or none, and nothing fails."""
    assert len(windows_of(noise(1.0)[:n_samples], [])) <= 1


def test_window_levels_silence() -> None:
    """Silence is -96 dBFS."""
    window = windows_of(np.zeros(64000, np.float32), [])[0]
    assert window.level_dbfs == pytest.approx(-96)
    assert np.all(window.speech_dbfs == -96)


def test_window_level_newest_stride() -> None:
    """The level is that of the newest stride: it has forgotten a loud start by the time the window ends."""
    samples = noise(2.992 + 0.032, 0.001)
    samples[:16000] *= 300
    assert windows_of(samples, [])[0].level_dbfs == pytest.approx(-60, abs=0.5)


def test_window_own_image() -> None:
    """A window keeps its image when the ring goes on."""
    windows = Windows(GEOMETRY, _STRIDE)
    first = next(windows.push(noise(3.1), 0))
    image = first.image.copy()
    list(windows.push(noise(8.0, 0.9), round(3.1 * 16000)))
    np.testing.assert_array_equal(first.image, image)


def test_push_long_array_bounded() -> None:
    """Ten minutes in one piece need neither a copy nor their spectra at once, and are not kept."""
    samples = np.zeros(600 * 16000, np.float32)
    windows = Windows(GEOMETRY, _STRIDE)
    tracemalloc.start()
    try:
        n_windows = sum(1 for _ in windows.push(samples, 0))
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n_windows == 1 + (600 * 16000 - GEOMETRY.window - 512) // _STRIDE
    assert peak < 4e6
    assert held < 1e6


@pytest.mark.parametrize("stride", [0, -256, 100, 255, 257])
def test_stride_not_of_hops_refused(stride: int) -> None:
    """A stride that is not a positive multiple of the hop is a mistake of the caller."""
    with pytest.raises(ValueError, match=f"stride {stride} is not a positive multiple of the hop 256"):
        Windows(GEOMETRY, stride)
