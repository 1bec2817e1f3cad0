"""The customer calming score: its equation, its properties, and when there is none."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.calls.interval import Series
from edged.calls.score import MIDDLE, calming, contributions, distress, interval, is_calm, scored
from edged.contract.call_report import Rules

M = 4
RULES = Rules(
    stride_s=1.504,
    weights={"angry": 1.0, "disgust": 0.7, "fear": 0.8, "happy": 0.0, "neutral": 0.0, "sad": 0.4},
    opening_windows=M,
    min_speech_s=30.0,
    max_uncertain=0.5,
    max_interval=4.0,
    calm_below=0.25,
)
_LEVEL = st.floats(0, 1, width=32)
CALLS = st.lists(_LEVEL, min_size=M + 1, max_size=60).map(lambda levels: np.array(levels, np.float64))


def test_equation() -> None:
    """O is the mean of four, M weights 1, 2, 3; S = 5.5 + 4.5 (O - M)."""
    d = np.array([0.8, 0.8, 0.6, 0.6, 0.6, 0.3, 0.0])
    value, opening, later = calming(d, M)
    assert opening == pytest.approx(0.7)
    assert later == pytest.approx((1 * 0.6 + 2 * 0.3 + 3 * 0.0) / 6)
    assert value == pytest.approx(5.5 + 4.5 * (0.7 - 0.2))


def test_distress_is_the_weighted_sum() -> None:
    """Angry counts whole, sad two fifths, neutral and happy nothing."""
    scores = np.array([[1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0.5, 0.5, 0], [0.5, 0, 0.5, 0, 0, 0]])
    assert distress(scores, tuple(RULES.weights.values())) == pytest.approx([1.0, 0.4, 0.0, 0.9])


@given(CALLS)
def test_score_is_within_bounds(d: Series) -> None:
    """Between 1 and 10, whatever the call; the interval contains it and is within them too."""
    value = calming(d, M)[0]
    low, high = interval(d, M)
    assert 1 <= low <= value <= high <= 10


@given(_LEVEL, st.integers(M + 1, 60))
def test_flat_call_gives_the_middle(level: float, n: int) -> None:
    """A constant distress is neither calming nor escalating, and leaves nothing to draw."""
    d = np.full(n, level)
    assert calming(d, M)[0] == pytest.approx(MIDDLE)
    assert interval(d, M) == pytest.approx((MIDDLE, MIDDLE))


@given(CALLS, st.data())
def test_more_distress_later_is_never_better(d: Series, data: st.DataObject) -> None:
    """Raising any window after the opening never raises the score; raising one of the opening never lowers it."""
    at = data.draw(st.integers(0, len(d) - 1))
    worse = d.copy()
    worse[at] = data.draw(st.floats(float(d[at]), 1))
    change = calming(worse, M)[0] - calming(d, M)[0]
    assert change >= -1e-9 if at < M else change <= 1e-9


@given(CALLS)
def test_falling_call_is_calmed(d: Series) -> None:
    """A distress that only falls gives at least 5.5, the same call backwards at most 5.5."""
    falling = np.sort(d)[::-1]
    assert calming(falling, M)[0] >= MIDDLE - 1e-9
    assert calming(falling[::-1], M)[0] <= MIDDLE + 1e-9


@given(
    high=_LEVEL,
    low=_LEVEL,
    n=st.integers(2, 50),
    data=st.data(),
)
def test_calming_earlier_is_never_worse(high: float, low: float, n: int, data: st.DataObject) -> None:
    """After an opening of ``high``, the call that falls to ``low`` sooner has at least the score of the later one."""
    low, high = sorted((low, high))
    late = data.draw(st.integers(1, n))
    early = data.draw(st.integers(0, late - 1))
    calls = [np.concatenate([np.full(M + at, high), np.full(n - at, low)]) for at in (early, late)]
    assert calming(calls[0], M)[0] >= calming(calls[1], M)[0] - 1e-9


@given(CALLS)
def test_contributions_add_up(d: Series) -> None:
    """All windows together give the score less 5.5; those of the opening give nothing."""
    points = contributions(d, M)
    assert math.isclose(points.sum(), calming(d, M)[0] - MIDDLE, abs_tol=1e-9)
    assert not points[:M].any()


def test_interval_is_reproducible_and_follows_the_scatter() -> None:
    """The same call gives the same interval; half the scatter gives half the width."""
    noise = np.random.default_rng(3).uniform(-0.3, 0.3, 40)
    wide, narrow = 0.5 + noise, 0.5 + noise / 2
    assert interval(wide, M) == interval(wide, M)
    widths = [high - low for low, high in (interval(wide, M), interval(narrow, M))]
    assert widths[1] == pytest.approx(widths[0] / 2)


def test_interval_covers_repetitions() -> None:
    """Of calls with the same course and other noise, at least three quarters lie in the interval of the first."""
    rng = np.random.default_rng(5)
    course = np.concatenate([np.full(10, 0.7), np.linspace(0.7, 0.2, 30)])
    calls = [np.clip(course + rng.normal(0, 0.12, 40), 0, 1) for _ in range(80)]
    hits = sum(low <= calming(course, M)[0] <= high for low, high in (interval(d, M) for d in calls))
    assert hits >= 60


@pytest.mark.parametrize(
    ("d", "speech_s", "uncertain", "reason"),
    [
        (np.full(40, 0.5), 29.0, 0.0, "29 s of the customer's speech, at least 30 s needed"),
        (np.full(M, 0.5), 31.0, 0.0, "4 windows with the customer's speech, more than 4 needed"),
        (np.full(40, 0.5), 60.0, 0.51, "no label stands out in 51% of the windows, at most 50% allowed"),
        (np.tile([0.0, 0.0, 0.0, 1.0, 1.0, 1.0], 2), 60.0, 0.0, "points at most allowed"),
    ],
)
def test_no_score_but_a_reason(d: Series, speech_s: float, uncertain: float, reason: str) -> None:
    """Too little speech, too few windows, too many unclear ones, or an interval too wide."""
    rules = msgspec.structs.replace(RULES, max_interval=1.0) if "points" in reason else RULES
    result = scored(d, rules, speech_s=speech_s, uncertain=uncertain)
    assert result.interval is None
    assert not len(result.contributions)
    assert reason in (result.reason or "")


def test_score_of_enough_speech() -> None:
    """With enough speech there is a score with opening, rest and the number of windows."""
    d = np.concatenate([np.full(6, 0.8), np.full(20, 0.1)])
    result = scored(d, RULES, speech_s=40.0, uncertain=0.1)
    assert result.reason is None
    assert result.interval is not None
    assert result.interval.value > 8
    assert (result.interval.opening, result.interval.n_windows) == (0.8, 26)


def test_calm_throughout() -> None:
    """Nothing to calm: the opening and every part of the course are calm; one long outburst is enough against it."""
    calm = np.full(40, 0.1)
    assert is_calm(calm, M, 0.25)
    outburst = calm.copy()
    outburst[20:25] = 0.6
    assert not is_calm(outburst, M, 0.25)
