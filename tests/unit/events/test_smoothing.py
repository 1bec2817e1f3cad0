"""Smoothing of window scores: emotion duration and prior distribution weight them."""

import numpy as np
import pytest

from edged.events.smoothing import Kind, Smoothing, SmoothingSettings
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

RATE = 16_000
LASTS = 8 * RATE
STRIDE = RATE // 2
USUAL = np.array([0.04, 0.16, 0.64], np.float32) / np.float32(0.84)
HALF_WAY = np.array([1, 2, 4]) / 7  # half-way to a uniform distribution, by the square root
EVEN = np.full(3, 1 / 3, np.float32)
NEW = 0.5 / GEOMETRY.window_s  # the new share of a window, one stride


def settings(
    expected: Floats = EVEN, lasts: int = LASTS, kind: Kind = "bayesian", stride: int = STRIDE
) -> SmoothingSettings:
    """A span of 5 s with two windows a second."""
    return SmoothingSettings(kind=kind, span=5 * RATE, lasts=lasts, stride=stride, expected=expected)


def scores(*values: float) -> Floats:
    """Scores as from a cascade."""
    return np.array(values, np.float32)


def test_posterior_is_the_forward_algorithm() -> None:
    """Prior times evidence of the new sound, then the transition, and so on."""
    smoothing = Smoothing(settings(USUAL))
    first = HALF_WAY * scores(0.7, 0.2, 0.1) ** NEW
    first /= first.sum()
    assert smoothing.shares(0, 0, scores(0.7, 0.2, 0.1)) == pytest.approx(first, abs=1e-6)
    stays = np.exp(-0.5 / 8)
    second = (stays * first + (1 - stays) * HALF_WAY) * scores(0.6, 0.3, 0.1) ** NEW
    assert smoothing.shares(STRIDE, 0, scores(0.6, 0.3, 0.1)) == pytest.approx(second / second.sum(), abs=1e-6)


@pytest.mark.parametrize("stride", [2000, 4000, 8000])
def test_evidence_is_of_sound_and_not_of_windows(stride: int) -> None:
    """Twice as many windows of the same sound add no evidence."""
    smoothing = Smoothing(settings(lasts=10_000_000 * RATE, stride=stride))
    for at in range(stride, 4 * RATE + 1, stride):
        shares = smoothing.shares(at, 0, scores(0.5, 0.3, 0.2))
    evidence = scores(0.5, 0.3, 0.2) ** (4 / GEOMETRY.window_s)
    assert shares == pytest.approx(evidence / evidence.sum(), abs=1e-3)


def test_unusual_emotions_need_more_evidence() -> None:
    """Unusual emotions need more windows, but win in the end."""

    def windows_needed(expected: Floats) -> int:
        smoothing = Smoothing(settings(expected))
        return next(n for n in range(100) if smoothing.shares(n * STRIDE, 0, scores(0.8, 0.1, 0.1))[0] > 0.6)

    assert windows_needed(EVEN) < windows_needed(USUAL) < 30


def test_emotion_with_a_share_of_zero_is_still_detected() -> None:
    """A share of 0 in the config makes an emotion rare, not undetectable."""
    smoothing = Smoothing(settings(np.array([0.0, 0.0, 1.0], np.float32)))
    shares = [smoothing.shares(n * STRIDE, 0, scores(0.9, 0.05, 0.05))[0] for n in range(30)]
    assert shares[0] < 0.2
    assert shares[-1] > 0.6


def test_no_window_decides_alone() -> None:
    """A score of 0 is rounding: it neither ends the current emotion nor excludes one forever."""
    smoothing = Smoothing(settings())
    for n in range(20):
        smoothing.shares(n * STRIDE, 0, scores(0.8, 0.1, 0.1))
    assert smoothing.shares(20 * STRIDE, 1, scores(0.0, 1.0, 0.0))[0] > 0.4
    for n in range(21, 30):
        shares = smoothing.shares(n * STRIDE, 2, scores(0.0, 0.0, 1.0))
    assert np.isfinite(shares).all()
    assert shares[2] > 0.9


def test_a_long_pause_brings_back_the_prior() -> None:
    """After minutes only the prior is left; after ``forget`` at once."""
    smoothing = Smoothing(settings(USUAL))
    first = smoothing.shares(0, 0, scores(0.9, 0.05, 0.05))
    smoothing.shares(STRIDE, 0, scores(0.9, 0.05, 0.05))
    assert smoothing.shares(200 * RATE, 0, scores(0.9, 0.05, 0.05)) == pytest.approx(first, abs=1e-3)
    smoothing.forget()
    assert smoothing.shares(201 * RATE, 0, scores(0.9, 0.05, 0.05)) == pytest.approx(first, abs=1e-6)


def test_change_keeps_the_windows_so_far() -> None:
    """Each window updates both kinds, so switching between them loses nothing."""
    changed, steady = Smoothing(settings(kind="majority")), Smoothing(settings())
    for n in range(10):
        changed.shares(n * STRIDE, 0, scores(0.6, 0.2, 0.2))
        steady.shares(n * STRIDE, 0, scores(0.6, 0.2, 0.2))
    changed.change(settings())
    last = scores(0.2, 0.6, 0.2)
    assert changed.shares(10 * STRIDE, 1, last) == pytest.approx(steady.shares(10 * STRIDE, 1, last))
