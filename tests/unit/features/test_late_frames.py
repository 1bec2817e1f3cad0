"""Frames computed late are those of the whole sound, whenever they are asked for."""

import numpy as np
import pytest

from edged.features.geometry import GEOMETRY, Geometry
from edged.features.late_frames import LateFrames
from edged.features.logmel import Floats, FrontEnd, relative_levels
from edged.features.whisper import WHISPER
from tests.parts.sound.speech import noise

_STRIDE = 31 * 256
_LAG = GEOMETRY.n_fft // 2  # samples that the gate's windows end before the newest one


def expected(samples: Floats, end: int, geometry: Geometry = WHISPER) -> Floats:
    """The window of ``samples`` (n,) whose last frame is centred at ``end`` or less than a hop before."""
    levels = FrontEnd(geometry).clip_levels(samples)[: end // geometry.hop + 1]
    return relative_levels(levels[-geometry.n_frames :], geometry)


@pytest.mark.parametrize("every", [1, 3, 9])
@pytest.mark.parametrize("cut", [100, 7936, 100_000])
def test_window_is_of_the_whole_sound(every: int, cut: int) -> None:
    """Any cut, and each window or few of them: frames in between are computed when they are needed."""
    samples = noise(12.0) * np.linspace(0.1, 1, 12 * 16_000, dtype=np.float32)
    frames = LateFrames(WHISPER, behind=cut)
    ends = iter(range(GEOMETRY.window, len(samples) - _LAG, every * _STRIDE))
    end, n_windows = next(ends), 0
    for at in range(0, len(samples), cut):
        frames.push(samples[at : at + cut], at)
        while end + _LAG <= min(at + cut, len(samples)) and n_windows < 8:
            if at + cut - end <= cut + _LAG:  # those further back than ``behind`` are of no caller
                np.testing.assert_allclose(frames.window(end), expected(samples, end), atol=1e-3)
            n_windows += 1
            end = next(ends, len(samples))
    assert n_windows > 0


def test_window_begins_with_the_stream() -> None:
    """The first window has all of its frames, from the one that is centred on the first sample."""
    samples = noise(4.0)
    frames = LateFrames(WHISPER)
    frames.push(samples[: GEOMETRY.window + _LAG], 0)
    window = frames.window(GEOMETRY.window)
    np.testing.assert_allclose(window, expected(samples, GEOMETRY.window), atol=1e-3)
    assert (window.max(axis=1) > -80).all()


def test_window_of_a_short_sound() -> None:
    """Frames after the end are missing, as silent as can be."""
    samples = noise(1.0)
    frames = LateFrames(WHISPER)
    frames.push(samples, 0)
    frames.finish()
    window = frames.window(len(samples))
    np.testing.assert_allclose(window, expected(samples, len(samples)), atol=1e-3)
    assert (window[101:] == -80).all()


def test_window_without_sound() -> None:
    """Nothing came, or not enough for a frame."""
    frames = LateFrames(WHISPER)
    assert (frames.window(0) == -80).all()
    frames.push(noise(0.01), 0)
    assert (frames.window(160) == -80).all()


def test_push_after_a_gap() -> None:
    """A jump of the sample count begins a new stream: no window has sound of both sides."""
    samples = noise(4.0)
    frames = LateFrames(WHISPER)
    frames.push(noise(5.0, 0.9), 0)
    frames.window(70_000)
    frames.push(samples, 200_000)
    window = frames.window(200_000 + GEOMETRY.window)
    np.testing.assert_allclose(window, expected(samples, GEOMETRY.window), atol=1e-3)


def test_windows_share_their_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two windows half a second apart cost 300 frames and 50; a second look at one costs none."""
    counts: list[int] = []
    compute = FrontEnd.levels

    def counted(front_end: FrontEnd, samples: Floats) -> Floats:
        levels = compute(front_end, samples)
        counts.append(len(levels))
        return levels

    monkeypatch.setattr(FrontEnd, "levels", counted)
    frames = LateFrames(WHISPER)
    samples = noise(4.0)
    frames.push(samples, 0)
    for end in (48_000, 56_000, 56_000):
        frames.window(end)
    assert counts == [300, 50]
