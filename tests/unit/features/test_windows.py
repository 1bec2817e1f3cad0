"""Windows: chunk sizes do not change them, and they never span a gap."""

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
    """Windows of ``samples`` pushed in chunks that end at ``cuts`` and at the end."""
    windows = Windows(GEOMETRY, stride)
    ends = [0, *cuts, len(samples)]
    actual = [window for begin, end in pairwise(ends) for window in windows.push(samples[begin:end], begin)]
    return [*actual, *windows.finish()]


def assert_same(actual: list[Window], expected: list[Window]) -> None:
    """Equal times and flags; images equal up to the rounding of another summation order."""
    assert [(w.start, w.end, w.discontinuous) for w in actual] == [(w.start, w.end, w.discontinuous) for w in expected]
    for one, other in zip(actual, expected, strict=True):
        assert np.abs(one.image.astype(int) - other.image).max() <= 1
        np.testing.assert_allclose(one.speech_dbfs, other.speech_dbfs, atol=1e-3)
        assert one.level_dbfs == pytest.approx(other.level_dbfs, abs=1e-3)


@pytest.mark.parametrize("length", [1, 160, 255, 256, 257, 1023, 1024, 4096, 7936, 48000])
def test_push_any_cut_same_windows(length: int) -> None:
    """Blocks of one sample or 3 s give the same windows."""
    samples = noise(5.0)
    assert_same(windows_of(samples, list(range(length, len(samples), length))), windows_of(samples, []))


def test_push_uneven_cuts_same_windows(corpora: Path) -> None:
    """Real speech in chunks of all sizes, including empty ones, gives the same windows."""
    samples = np.concatenate(clips(corpora, "emodb", 4))
    cuts = np.sort(np.random.default_rng(3).integers(0, len(samples), 200)).tolist()
    assert_same(windows_of(samples, [0, 0, *cuts]), windows_of(samples, []))


def test_push_first_window_as_training(corpora: Path) -> None:
    """The first window of a stream equals training's image of the same clip."""
    (clip,) = clips(corpora, "ravdess", 1)
    front_end = FrontEnd()
    expected = int8_input(front_end.image(front_end.clip_levels(clip)[: GEOMETRY.n_frames]))
    assert np.abs(windows_of(clip, [])[0].image.astype(int) - expected).max() <= 1


def test_push_times() -> None:
    """The first window covers 2.992 s, and each next one starts a stride later."""
    actual = windows_of(noise(6.0), [])
    assert [(window.start, window.end) for window in actual] == [
        (start, start + GEOMETRY.window) for start in range(0, 96000 - GEOMETRY.window + 1, _STRIDE)
    ]
    assert [window.discontinuous for window in actual] == [True] + [False] * (len(actual) - 1)


@pytest.mark.parametrize("frames", [1, 31, 187, 188, 400])
def test_push_stride(frames: int) -> None:
    """Every stride is exact, even one longer than the window."""
    actual = windows_of(noise(12.0), [], stride=frames * 256)
    assert {later.start - earlier.start for earlier, later in pairwise(actual)} == {frames * 256}


@pytest.mark.parametrize("cut", [256, 500, 7936, 20_000])
def test_due_is_the_last_sample_of_the_next_window(cut: int) -> None:
    """No window comes before the count that is due, and one does with it, whatever came before."""
    windows = Windows(GEOMETRY, _STRIDE)
    samples, at, ends = noise(7.0), 0, []
    while (due := windows.due) <= len(samples):
        while at < due - 1:
            piece = samples[at : min(at + cut, due - 1)]
            assert list(windows.push(piece, at)) == []
            at += len(piece)
        (window,) = windows.push(samples[at:due], at)
        ends.append(window.end)
        at = due
    assert ends == [GEOMETRY.window + n * _STRIDE for n in range(len(ends))]
    assert len(ends) == 9


def test_push_window_needs_its_last_sample() -> None:
    """The last frame reaches half a frame past its centre: one sample less gives no window."""
    windows = Windows(GEOMETRY, _STRIDE)
    needed = GEOMETRY.window + GEOMETRY.n_fft // 2
    samples = noise(4.0)
    assert list(windows.push(samples[: needed - 1], 0)) == []
    assert len(list(windows.push(samples[needed - 1 : needed], needed - 1))) == 1


def test_push_after_gap_no_window_bridges() -> None:
    """A gap empties the ring: the next window has only later sound and is marked."""
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
    """A count that jumps back, as from a restarted source, is a gap too."""
    windows = Windows(GEOMETRY, _STRIDE)
    list(windows.push(noise(4.0), 0))
    assert next(windows.push(noise(4.0), 0)).discontinuous


def test_restart_forgets_what_came_before() -> None:
    """After a restart the windows equal those of a new ``Windows``."""
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
    """A clip shorter than a window gives one window, silent after its end."""
    (window,) = windows_of(noise(1.0), [])
    assert (window.start, window.end) == (0, 62 * 256)
    assert window.image[:63].min() > -128
    assert np.all(window.image[63:] == -128)
    assert np.all(window.speech_dbfs[63:] == -96)


def test_finish_exact_window() -> None:
    """2.992 s give one window, complete only at the end of the source."""
    assert [window.end for window in windows_of(noise(3.0)[: GEOMETRY.window], [])] == [GEOMETRY.window]


@pytest.mark.parametrize("n_samples", [0, 1, 511])
def test_finish_hardly_any_sound(n_samples: int) -> None:
    """Less than half a frame gives one frame or none, without an error."""
    assert len(windows_of(noise(1.0)[:n_samples], [])) <= 1


def test_window_levels_silence() -> None:
    """Silence is -96 dBFS."""
    window = windows_of(np.zeros(64000, np.float32), [])[0]
    assert window.level_dbfs == pytest.approx(-96)
    assert np.all(window.speech_dbfs == -96)


def test_window_level_newest_stride() -> None:
    """The level covers only the newest stride: a loud start is over when the window ends."""
    samples = noise(2.992 + 0.032, 0.001)
    samples[:16000] *= 300
    assert windows_of(samples, [])[0].level_dbfs == pytest.approx(-60, abs=0.5)


def test_window_own_image() -> None:
    """A window's image does not change when the ring advances."""
    windows = Windows(GEOMETRY, _STRIDE)
    first = next(windows.push(noise(3.1), 0))
    image = first.image.copy()
    list(windows.push(noise(8.0, 0.9), round(3.1 * 16000)))
    np.testing.assert_array_equal(first.image, image)


def test_push_long_array_bounded() -> None:
    """Ten minutes in one chunk are neither copied, nor transformed at once, nor stored."""
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
    """A stride that is no positive multiple of the hop is a programming error."""
    with pytest.raises(ValueError, match=f"stride {stride} is not a positive multiple of the hop 256"):
        Windows(GEOMETRY, stride)
