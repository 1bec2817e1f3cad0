"""Windows to shares: what a mood's own duration and the usual mixture make of what windows say."""

import numpy as np
import pytest

from edged.events.smoothing import Floats, Kind, Settings, Smoothing
from edged.features.geometry import GEOMETRY

RATE = 16_000
LASTS = 8 * RATE
STRIDE = RATE // 2
USUAL = np.array([0.04, 0.16, 0.64], np.float32) / np.float32(0.84)
HALF_WAY = np.array([1, 2, 4]) / 7  # to an even mixture, by the square root
EVEN = np.full(3, 1 / 3, np.float32)
NEW = 0.5 / GEOMETRY.window_s  # what a stride is of a window


def settings(expected: Floats = EVEN, lasts: int = LASTS, kind: Kind = "bayesian", stride: int = STRIDE) -> Settings:
    """A span of 5 s, windows each half second."""
    return Settings(kind=kind, span=5 * RATE, lasts=lasts, stride=stride, expected=expected)


def scores(*values: float) -> Floats:
    """As a cascade gives them."""
    return np.array(values, np.float32)


def test_belief_is_the_forward_algorithm() -> None:
    """What is usual, times what is newly heard; then the mood stays or gives way, and so on."""
    followed = Smoothing(settings(USUAL))
    first = HALF_WAY * scores(0.7, 0.2, 0.1) ** NEW
    first /= first.sum()
    assert followed.shares(0, 0, scores(0.7, 0.2, 0.1)) == pytest.approx(first, abs=1e-6)
    stays = np.exp(-0.5 / 8)
    second = (stays * first + (1 - stays) * HALF_WAY) * scores(0.6, 0.3, 0.1) ** NEW
    assert followed.shares(STRIDE, 0, scores(0.6, 0.3, 0.1)) == pytest.approx(second / second.sum(), abs=1e-6)


@pytest.mark.parametrize("stride", [2000, 4000, 8000])
def test_evidence_is_of_sound_and_not_of_windows(stride: int) -> None:
    """Windows twice as often say nothing new."""
    followed = Smoothing(settings(lasts=10_000_000 * RATE, stride=stride))
    for at in range(stride, 4 * RATE + 1, stride):
        found = followed.shares(at, 0, scores(0.5, 0.3, 0.2))
    evidence = scores(0.5, 0.3, 0.2) ** (4 / GEOMETRY.window_s)
    assert found == pytest.approx(evidence / evidence.sum(), abs=1e-3)


def test_unusual_moods_need_more_evidence() -> None:
    """The same windows convince sooner where the mood is usual; in the end they do everywhere."""

    def windows_needed(expected: Floats) -> int:
        followed = Smoothing(settings(expected))
        return next(n for n in range(100) if followed.shares(n * STRIDE, 0, scores(0.8, 0.1, 0.1))[0] > 0.6)

    assert windows_needed(EVEN) < windows_needed(USUAL) < 30


def test_what_is_not_expected_is_heard_all_the_same() -> None:
    """A share of nothing in the config makes a mood rare; it does not make the device deaf to it."""
    followed = Smoothing(settings(np.array([0.0, 0.0, 1.0], np.float32)))
    found = [followed.shares(n * STRIDE, 0, scores(0.9, 0.05, 0.05))[0] for n in range(30)]
    assert found[0] < 0.2
    assert found[-1] > 0.6


def test_no_window_decides_alone() -> None:
    """A score of nothing is rounding: the mood that ran goes on, and the others are not ruled out for ever."""
    followed = Smoothing(settings())
    for n in range(20):
        followed.shares(n * STRIDE, 0, scores(0.8, 0.1, 0.1))
    assert followed.shares(20 * STRIDE, 1, scores(0.0, 1.0, 0.0))[0] > 0.4
    for n in range(21, 30):
        found = followed.shares(n * STRIDE, 2, scores(0.0, 0.0, 1.0))
    assert np.isfinite(found).all()
    assert found[2] > 0.9


def test_a_long_pause_brings_back_what_was_expected() -> None:
    """After minutes nothing is known but what is usual; after ``forget`` at once."""
    followed = Smoothing(settings(USUAL))
    first = followed.shares(0, 0, scores(0.9, 0.05, 0.05))
    followed.shares(STRIDE, 0, scores(0.9, 0.05, 0.05))
    assert followed.shares(200 * RATE, 0, scores(0.9, 0.05, 0.05)) == pytest.approx(first, abs=1e-3)
    followed.forget()
    assert followed.shares(201 * RATE, 0, scores(0.9, 0.05, 0.05)) == pytest.approx(first, abs=1e-6)


def test_change_keeps_what_was_heard() -> None:
    """All three are followed: the change of one to another begins with all that was heard."""
    changed, steady = Smoothing(settings(kind="majority")), Smoothing(settings())
    for n in range(10):
        changed.shares(n * STRIDE, 0, scores(0.6, 0.2, 0.2))
        steady.shares(n * STRIDE, 0, scores(0.6, 0.2, 0.2))
    changed.change(settings())
    last = scores(0.2, 0.6, 0.2)
    assert changed.shares(10 * STRIDE, 1, last) == pytest.approx(steady.shares(10 * STRIDE, 1, last))
