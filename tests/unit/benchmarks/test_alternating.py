"""Contenders in turn: the order of the rounds, repeats of short calls, ratios by round."""

import time

import pytest

from benchmarks.alternating import alternated, ratios


class Clock:
    """A contender, and the CPU clock that it moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **durations_s: float) -> None:
        self.now_s = 0.0
        self.called: list[str] = []
        self.calls = {name: lambda name=name: self._call(name, durations_s[name]) for name in durations_s}
        monkeypatch.setattr(time, "process_time", lambda: self.now_s)

    def _call(self, name: str, duration_s: float) -> None:
        self.called.append(name)
        self.now_s += duration_s


def test_order_rotates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each round begins with another contender, so that none always runs after the same one."""
    clock = Clock(monkeypatch, a=1.0, b=2.0, c=4.0)
    alternated(clock.calls, n_rounds=3, within_s=60)
    assert "".join(clock.called[6:]) == "abcbcacab"


def test_short_calls_are_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample of a call of 1 ms has 20 of them; the value is that of one."""
    clock = Clock(monkeypatch, short=0.001)
    times_s = alternated(clock.calls, n_rounds=4, within_s=60)
    assert times_s["short"] == pytest.approx([0.001] * 4)
    assert len(clock.called) == 2 + 4 * 20


def test_time_limits_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time there are three rounds, as many as quartiles need."""
    clock = Clock(monkeypatch, a=1.0)
    assert len(alternated(clock.calls, n_rounds=50, within_s=0)["a"]) == 3


def test_ratios_pair_rounds() -> None:
    """A slow round is slow for both, and does not move the ratio."""
    ratio = ratios([2.0, 20.0, 4.0, 2.0, 6.0], [1.0, 10.0, 2.0, 1.0, 3.0])
    assert (ratio.median, ratio.low, ratio.high, ratio.n) == (2.0, 2.0, 2.0, 5)
