"""Augmentation of samples: each change has its documented effect, reproducible by seed."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from convert.augment.sound import CODECS, heard_elsewhere, over, respoken, room
from convert.data.recordings import coded
from convert.recipes.spec import SoundSpec
from edged.features.logmel import Floats
from tests.parts.sound.speech import RATE_HZ, noise, sine

NOISE = noise(1.0, 0.1)


def loudest_hz(samples: NDArray[np.float64] | Floats) -> float:
    """The frequency of the greatest power."""
    return float(np.abs(np.fft.rfft(samples)).argmax() * RATE_HZ / len(samples))


@pytest.mark.parametrize(("speed", "semitones"), [(1.1, 0.0), (0.9, 0.0), (1.0, 2.0), (1.05, -2.0)])
def test_speed_and_pitch_are_apart(speed: float, semitones: float) -> None:
    """A faster clip is shorter at the same pitch; a higher one has the same length."""
    found = respoken(sine(400, 2.0), speed, semitones)
    assert len(found) == pytest.approx(2 * RATE_HZ / speed, rel=0.01)
    assert loudest_hz(found) == pytest.approx(400 * 2 ** (semitones / 12), rel=0.01)


def test_short_clip_is_respoken() -> None:
    """A clip shorter than the vocoder's frame is only resampled."""
    assert 90 < len(respoken(sine(400, 0.00625), 1.0, 0.0)) < 110


def test_room_falls_by_60_db() -> None:
    """The first echoes have a million times the power of the last, and all are below the voice by the given ratio."""
    response = room(0.5, 6.0, np.random.default_rng(0))
    assert response[0] == 1
    assert 10 * np.log10(np.sum(response[1:] ** 2)) == pytest.approx(-6, abs=0.01)
    early, late = response[40:440], response[-400:]
    assert 10 * np.log10(np.mean(early**2) / np.mean(late**2)) == pytest.approx(57, abs=3)


def test_noise_is_as_far_below() -> None:
    """Noise is mixed in at the given ratio, however short the recording."""
    clip = sine(400, 3.0).astype(np.float64)
    under = over(clip, NOISE, 10.0, np.random.default_rng(0)) - clip
    assert 10 * np.log10(np.mean(clip**2) / np.mean(under**2)) == pytest.approx(10, abs=0.01)
    assert np.array_equal(over(clip, np.zeros(10, np.float32), 10.0, np.random.default_rng(0)), clip)


@pytest.mark.parametrize("codec", CODECS)
def test_codec_keeps_length_and_most_of_it(codec: str) -> None:
    """The number of samples stays; they are similar, but not equal."""
    clip = sine(400, 1.0, 0.4) + noise(1.0, 0.01)
    found = coded(clip, codec)
    assert len(found) == len(clip)
    assert np.corrcoef(clip, found)[0, 1] > 0.95
    assert not np.array_equal(found, clip)


def test_microphone_cuts() -> None:
    """Only the microphone's band is left."""
    spec = SoundSpec(
        speed=0, pitch=0, room_p=0, noise_p=0, microphone_p=1, codec_p=0, lowest_hz=(300, 300), highest_hz=(3400, 3400)
    )
    power = power_by_hz(heard_elsewhere(noise(4.0, 0.1), NOISE, spec, np.random.default_rng(0)))
    assert power(0, 100) < power(500, 3000) / 30
    assert power(6000, 8000) < power(500, 3000) / 10


def power_by_hz(samples: Floats) -> Callable[[float, float], float]:
    """Returns a function: the mean power between two frequencies."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)

    def mean(low: float, high: float) -> float:
        return float(power[(hz >= low) & (hz < high)].mean())

    return mean


def test_same_seed_same_samples() -> None:
    """All changes together stay in range and are reproducible."""
    spec = SoundSpec(room_p=1, noise_p=1, microphone_p=1, codec_p=1)
    once, again, other = (heard_elsewhere(NOISE, NOISE, spec, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(once, again)
    assert not np.array_equal(once[:100], other[:100])
    assert np.abs(once).max() <= 1.1
