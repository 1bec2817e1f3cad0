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
    """The maximum of r over its length is half the mean square of what clipping leaves, times 1000, as published."""
    noise = np.random.default_rng(0).uniform(-1, 1, _RATE_HZ).astype(np.float32)
    level = 0.45 * np.abs(noise).mean()
    left = np.sign(noise) * np.maximum(np.abs(noise) - level, 0)
    assert eight.of_samples(noise)[6] == pytest.approx(500 * np.mean(left**2), rel=1e-3)
