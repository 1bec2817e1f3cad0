"""Crosstalk: the agent's voice in the customer's channel is silenced, the customer's own never is."""

import numpy as np
import pytest
from scipy.signal import lfilter

from edged.calls.sound.crosstalk import CrosstalkFilter, Leak
from edged.features.logmel import Floats
from tests.parts.calls.composed import RATE_HZ, call, turns


def filtered(customer: Floats, agent: Floats, piece: int = 7001) -> tuple[Floats, Floats, Leak]:
    """Both through the filter, in pieces."""
    crosstalk = CrosstalkFilter()
    parts = [
        crosstalk.push(customer[start : start + piece], agent[start : start + piece])
        for start in range(0, len(customer), piece)
    ]
    parts.append(crosstalk.flush())
    left, right = (np.concatenate(side) for side in zip(*parts, strict=True))
    return left, right, crosstalk.leak


def hybrid(agent: Floats, level_db: float, delay: int = 80) -> Floats:
    """(n,) what a telephone hybrid lets through: softer, later by 5 ms, and of another colour."""
    coloured = lfilter([1, 0.5, -0.3], [1, -0.4], agent)
    coloured *= np.sqrt(power(agent) / power(coloured))
    return np.asarray(np.concatenate([np.zeros(delay), coloured[:-delay]]) * 10 ** (level_db / 20), np.float32)


def power(sound: Floats) -> float:
    """Mean square."""
    return float(np.mean(np.square(sound, dtype=np.float64)))


@pytest.mark.parametrize("level_db", [-15.0, -25.0, -35.0])
def test_leak_is_silenced(level_db: float) -> None:
    """Of the agent's turns only the edges are left on the customer's channel; the customer's turns are whole.

    The level of the leak is known to 4 dB, and the agent's channel is what it was.
    """
    sides = call(("angry", "neutral", "angry", "neutral"))
    customer, agent = sides[:, 0], sides[:, 1]
    leak = hybrid(agent, level_db)
    found, other, leaked = filtered(customer + leak, agent)
    assert np.array_equal(other, agent)
    speaking = np.abs(agent) > 0.003
    speaking &= np.abs(customer) < 0.003
    own = np.abs(customer) > 0.01
    assert power(found[speaking]) < 0.25 * power((customer + leak)[speaking])
    assert power(found[own]) == pytest.approx(power((customer + leak)[own]), rel=0.03)
    assert leaked.seconds == pytest.approx(8, abs=3)
    assert leaked.level_db == pytest.approx(level_db, abs=4)


def test_no_leak_changes_nothing() -> None:
    """Two parties on channels of their own, sample for sample."""
    sides = call(("angry", "neutral", "angry"))
    found, other, leaked = filtered(sides[:, 0], sides[:, 1])
    assert np.array_equal(found, sides[:, 0])
    assert np.array_equal(other, sides[:, 1])
    assert leaked == Leak(0.0, None)


def test_customer_in_the_agents_channel_is_left_alone() -> None:
    """The leak in the other direction is as coherent; its source is the louder one, and stays."""
    sides = call(("angry", "neutral", "angry"), agent=False)
    customer = sides[:, 0]
    found, _, leaked = filtered(customer, sides[:, 1] + hybrid(customer, -20.0))
    assert np.array_equal(found, customer)
    assert leaked.seconds == 0


def test_both_at_once_keep_the_customer() -> None:
    """While both speak with a leak, the customer is not silenced, though the agent is louder."""
    angry, neutral = np.concatenate(turns()["angry"]), np.concatenate(turns()["neutral"])
    n = min(len(angry), len(neutral), 10 * RATE_HZ)
    customer, agent = 0.3 * angry[:n], neutral[:n]
    found, _, leaked = filtered(customer + hybrid(agent, -25.0), agent)
    assert leaked.seconds <= 0.2 * n / RATE_HZ
    assert power(found) > 0.8 * power(customer)


@pytest.mark.parametrize("n", [0, 1, 8_000, 12_001])
def test_any_length(n: int) -> None:
    """As many samples come out as went in, however short it is."""
    sound = np.random.default_rng(1).normal(0, 0.1, n).astype(np.float32)
    found, other, _ = filtered(sound * 0.1, sound)
    assert (len(found), len(other)) == (n, n)
