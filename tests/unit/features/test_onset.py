"""The onset is the same position in the sound, whatever silence or offset precedes it."""

import numpy as np
import pytest

from edged.features.logmel import Floats
from edged.features.onset import onset

RATE_HZ = 16_000


def speech_like(duration_s: float) -> Floats:
    """(n,) noise that starts at once."""
    return (0.1 * np.random.default_rng(5).standard_normal(round(duration_s * RATE_HZ))).astype(np.float32)


@pytest.mark.parametrize("silence_ms", [150, 158, 400, 3000])
def test_onset_is_a_tenth_of_a_second_before_the_sound(silence_ms: int) -> None:
    """The onset is exact to about a millisecond."""
    silence = np.zeros(silence_ms * RATE_HZ // 1000, np.float32)
    start = onset(np.concatenate([silence, speech_like(1)]))
    assert start == pytest.approx(len(silence) - 0.1 * RATE_HZ, abs=32)


def test_onset_ignores_a_floor_that_is_30_db_lower() -> None:
    """Hiss, offset and hum before the sound are no onset."""
    n = RATE_HZ
    before = 0.02 * speech_like(1) + 0.05 + 0.02 * np.sin(2 * np.pi * 50 * np.arange(n) / RATE_HZ)
    start = onset(np.concatenate([before, speech_like(1) + np.float32(0.05)]).astype(np.float32))
    assert start == pytest.approx(0.9 * n, abs=32)


@pytest.mark.parametrize("silence_s", [0.5, 1, 5])
def test_onset_in_noise_of_20_db(silence_s: float) -> None:
    """Noise that is there before the sound is no onset either."""
    n = round(silence_s * RATE_HZ)
    sound = 0.1 * np.random.default_rng(6).standard_normal(n + 2 * RATE_HZ).astype(np.float32) * np.float32(0.1)
    sound[n : n + RATE_HZ] += speech_like(1)
    assert onset(sound) == pytest.approx(n - 0.1 * RATE_HZ, abs=64)


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(100), np.zeros(RATE_HZ), np.full(RATE_HZ, 0.5)])
def test_onset_of_nothing_is_0(samples: Floats) -> None:
    """Short, silent and constant recordings keep their start."""
    assert onset(samples.astype(np.float32)) == 0


def test_onset_within_noise_is_0() -> None:
    """Sound that starts with the first sample keeps its start."""
    assert onset(speech_like(2)) == 0
