"""The eight hand-crafted features of known sounds."""

import numpy as np
import pytest

from convert.zoo.features import eight
from edged.features.geometry import GEOMETRY

_RATE_HZ = GEOMETRY.sample_rate_hz


def test_steady_sound() -> None:
    """A constant has its level and no spread."""
    found = eight.of_samples(np.full(_RATE_HZ, 0.5, np.float32))
    assert found[0] == pytest.approx(0.5)
    assert found[1] == pytest.approx(0, abs=1e-6)


def test_half_silent_sound() -> None:
    """A sound of which half is silent has a share of silent frames of about a half, less the frame at the edge."""
    tone = np.sin(np.arange(_RATE_HZ, dtype=np.float32))
    tone[_RATE_HZ // 2 :] = 0
    assert eight.of_samples(tone)[4] == pytest.approx(0.5, abs=0.1)


def test_autocorrelation_depends_on_length() -> None:
    """The maximum of r over its length, both halves, is half the mean square of what clipping leaves, times 1000."""
    noise = np.random.default_rng(0).uniform(-1, 1, _RATE_HZ).astype(np.float32)
    level = 0.45 * np.abs(noise).mean()
    left = np.sign(noise) * np.maximum(np.abs(noise) - level, 0)
    assert eight.of_samples(noise)[6] == pytest.approx(500 * np.mean(left**2), rel=1e-3)


def test_each_feature_is_its_definition() -> None:
    """Mean and sd of |y|, mean and sd of RMS of y + 1e-4 by frames, share of silent ones, sd of r."""
    rng = np.random.default_rng(1)
    y = (rng.standard_normal(8192) * np.linspace(0, 1, 8192) ** 2 / 4).astype(np.float32)
    padded = np.pad(y.astype(np.float64) + 1e-4, 1024)  # a frame's centre is its time, so the ends have half a frame
    rms = np.sqrt([np.mean(padded[first : first + 2048] ** 2) for first in range(0, 8192 + 1, 512)])
    level = 0.45 * np.abs(y).mean()
    clipped = np.sign(y) * np.maximum(np.abs(y) - level, 0)
    found = eight.of_samples(y)
    expected = [np.abs(y).mean(), np.abs(y).std(), rms.mean(), rms.std(), np.mean(rms <= 0.4 * rms.mean())]
    np.testing.assert_allclose(found[:5], expected, rtol=1e-4)
    assert found[7] == pytest.approx(np.correlate(clipped, clipped, "full").std(), rel=1e-4)


def test_harmonic_part_is_of_steady_tones() -> None:
    """1000 times its mean: an offset, which is steady, stays; a click, which is percussive, goes."""
    offset = np.full(_RATE_HZ, 0.2, np.float32)
    assert eight.of_samples(offset)[5] == pytest.approx(200, rel=0.05)
    click = np.zeros(_RATE_HZ, np.float32)
    click[_RATE_HZ // 2] = 1
    assert abs(eight.of_samples(click)[5]) < 0.01
