"""The score's 90 % interval: how often it holds the score of the course, over courses and noises."""

import math
from typing import Literal

import numpy as np
import pytest

from edged.calls.interval import Series, noise_bounds
from edged.calls.score import calming, interval, later_weights

M = 4
_HIGH, _LOW = 0.65, 0.35  # four standard deviations of the weaker noise from both bounds
Course = Literal["calms early", "calms late", "flat", "escalates", "up and down", "falls", "waves"]
COURSES: tuple[Course, ...] = ("calms early", "calms late", "flat", "escalates", "up and down", "falls", "waves")


def course(name: Course, n: int) -> Series:
    """(n,) distress without noise."""
    t = np.arange(n) / n
    courses: dict[Course, Series] = {
        "calms early": np.where(t < 0.3, _HIGH, _LOW),
        "calms late": np.where(t < 0.7, _HIGH, _LOW),
        "flat": np.full(n, _HIGH),
        "escalates": np.where(t < 0.7, _LOW, _HIGH),
        "up and down": np.where((4 * t).astype(int) % 2 == 0, _HIGH, _LOW),
        "falls": _HIGH - (_HIGH - _LOW) * t,
        "waves": 0.5 + 0.15 * np.sin(12 * t),
    }
    return courses[name]


def noise(n: int, correlation: float, rng: np.random.Generator) -> Series:
    """(n,) AR(1) with variance 1."""
    drawn = rng.normal(0, 1, n)
    made = np.empty(n)
    made[0] = drawn[0]
    for index in range(1, n):
        made[index] = correlation * made[index - 1] + math.sqrt(1 - correlation**2) * drawn[index]
    return made


def share_held(n: int, correlation: float, scatter: float, n_calls: int) -> float:
    """The share of simulated calls whose interval holds the score of their course."""
    rng = np.random.default_rng([n, round(10 * correlation)])
    held = []
    for name in COURSES:
        plain = course(name, n)
        value = calming(plain, M)[0]
        for _ in range(n_calls):
            low, high = interval(plain + scatter * noise(n, correlation, rng), M)
            held.append(low <= value <= high)
    return float(np.mean(held))


@pytest.mark.parametrize("n", [20, 40, 120])
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.5, 0.7])
def test_interval_holds_the_score_of_the_course(n: int, correlation: float) -> None:
    """In 85 to 100 of 100 calls whatever the length and the correlation; 90 are promised, and 140 are drawn here."""
    assert share_held(n, correlation, 0.1, 20) >= 0.85


def test_interval_holds_what_it_promises_on_average() -> None:
    """Over lengths and correlations together: at least 90 of 100 calls, and it is no interval that holds anything."""
    shares = [share_held(n, correlation, 0.15, 8) for n in (20, 40, 120) for correlation in (0.0, 0.3, 0.5, 0.7)]
    assert 0.9 <= float(np.mean(shares)) <= 0.97


def test_interval_of_independent_noise_has_the_width_of_its_variance() -> None:
    """Over a long flat call the bounds are those of a normal distribution with the variance of the weighted sum."""
    n, scatter = 2000, 0.1
    weights = np.concatenate([np.full(M, 1 / M), -later_weights(n - M)])
    low, high = noise_bounds(0.5 + scatter * noise(n, 0.0, np.random.default_rng(3)), weights)
    assert (high - low) / 2 == pytest.approx(1.645 * scatter * math.sqrt(weights @ weights), rel=0.1)


def test_interval_widens_with_correlation() -> None:
    """Noise of the same variance that neighbours share adds more to a score, and its interval is as much wider."""
    n = 2000
    weights = np.concatenate([np.full(M, 1 / M), -later_weights(n - M)])
    narrow, wide = (noise_bounds(0.5 + 0.1 * noise(n, one, np.random.default_rng(3)), weights) for one in (0.0, 0.5))
    expected = math.sqrt(1 + 2 * (0.5 * 3 + 0.25 * 2 + 0.125) / 4)  # four windows of the opening have nearly all of it
    assert (wide[1] - wide[0]) / (narrow[1] - narrow[0]) == pytest.approx(expected, rel=0.15)
