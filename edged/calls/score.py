"""Distress of a customer's windows to the customer calming score, from 1 to 10.

    d (n,) in [0, 1] ──opening: mean of the first m──► O ──the rest, later counts more──► M ──5.5 + 4.5 (O - M)──► S

For the windows with the customer's speech i = 1..n, P_i their scores by label:

    d_i = clip(sum over labels of w P_i, 0, 1)          w: angry 1, fear 0.8, disgust 0.7, sad 0.4, others 0
    O   = mean of d_1..d_m                              the opening
    M   = sum(k d_(m+k)) / sum(k),  k = 1..n-m          what comes later counts more
    S   = 5.5 + 4.5 (O - M)                             within [1, 10], since O and M are within [0, 1]
    c_k = -4.5 k / sum(k) (d_(m+k) - O)                 what one window adds; all c add up to S - 5.5

Interval, 90 %: a block bootstrap of the windows' noise (``edged.calls.interval``).

A sum of negative labels without the opening put the calls of 6 of 10 speakers in the intended order, this score those
of all 10; a trend over time would reward slow calming.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edged.calls.interval import Series, moving_mean, noise_bounds
from edged.contract.call import CallOutcome
from edged.contract.call_report import Interval, Rules
from edged.errors import counted

MIDDLE, _SCALE = 5.5, 4.5
_CALM_COURSE = 5  # windows of the moving mean that must stay calm


@dataclass(frozen=True, slots=True)
class Scored:
    """The score of one call, or why there is none."""

    interval: Interval | None
    reason: str | None
    contributions: Series  # (n,) points by window, 0 in the opening; empty without a score


def distress(scores: NDArray[np.floating[Any]], weights: Sequence[float]) -> Series:
    """(n,) from ``scores`` (n, n_labels) and the ``weights`` (n_labels,) of the labels."""
    return np.clip(np.asarray(scores, np.float64) @ np.asarray(weights, np.float64), 0, 1)


def calming(d: Series, m: int) -> tuple[float, float, float]:
    """S, O and M of ``d`` (n,) with an opening of ``m`` windows; n is more than m."""
    opening = float(d[:m].mean())
    later = float(later_weights(len(d) - m) @ d[m:])
    return float(np.clip(MIDDLE + _SCALE * (opening - later), 1, 10)), opening, later


def contributions(d: Series, m: int) -> Series:
    """(n,) points that each window adds to the score; they add up to S - 5.5."""
    points = np.zeros(len(d))
    points[m:] = -_SCALE * later_weights(len(d) - m) * (d[m:] - d[:m].mean())
    return points


def later_weights(n: int) -> Series:
    """(n,) k / sum(k)."""
    k = np.arange(1, n + 1, dtype=np.float64)
    return np.asarray(k / k.sum())


def interval(d: Series, m: int) -> tuple[float, float]:
    """The 90 % interval of S."""
    value = calming(d, m)[0]
    low, high = noise_bounds(d, np.concatenate([np.full(m, 1 / m), -later_weights(len(d) - m)]))
    return max(1.0, value + _SCALE * low), min(10.0, value + _SCALE * high)


def scored(d: Series, rules: Rules, *, speech_s: float, uncertain: float) -> Scored:
    """The score of windows with distress ``d`` (n,), or why there is none.

    ``speech_s`` is how long the customer speaks, ``uncertain`` the share of the windows in which no label stands out.
    """
    none = np.zeros(0)
    m = rules.opening_windows
    if speech_s < rules.min_speech_s:
        return Scored(
            None, f"{speech_s:.0f} s of the customer's speech, at least {rules.min_speech_s:g} s needed", none
        )
    if len(d) <= m:
        return Scored(None, f"{counted(len(d), 'window')} with the customer's speech, more than {m} needed", none)
    if uncertain > rules.max_uncertain:
        share = f"no label stands out in {uncertain:.0%} of the windows"
        return Scored(None, f"{share}, at most {rules.max_uncertain:.0%} allowed", none)
    value, opening, later = calming(d, m)
    low, high = interval(d, m)
    if high - low > rules.max_interval:
        width = f"the 90 % interval is {low:.1f} to {high:.1f}"
        return Scored(None, f"{width}, {rules.max_interval:g} points at most allowed", none)
    result = Interval(
        value=round(value, 2),
        low=round(low, 2),
        high=round(high, 2),
        opening=round(opening, 4),
        later=round(later, 4),
        n_windows=len(d),
    )
    return Scored(result, None, contributions(d, m))


def outcome(result: Scored, d: Series, rules: Rules) -> CallOutcome:
    """The outcome for a customer with distress ``d`` (n,), if the interval allows one."""
    score = result.interval
    if score is None:
        return "no_score"
    if is_calm(d, rules.opening_windows, rules.calm_below):
        return "nothing_to_calm"
    if score.low > MIDDLE:
        return "calmed"
    return "escalated" if score.high < MIDDLE else "unchanged"


def is_calm(d: Series, m: int, calm_below: float) -> bool:
    """Whether the opening and the whole course, as a moving mean, stay below ``calm_below``."""
    return bool(d[:m].mean() < calm_below and moving_mean(d, _CALM_COURSE).max() < calm_below)
