"""Waits between attempts: bounds, growth, jitter, reset."""

from itertools import pairwise

from edged.host.backoff import Backoff


def test_waits_double_within_their_bounds() -> None:
    """Each wait is in the upper half of 2, 4, 8 … 120 s, and never longer."""
    backoff = Backoff(1.0, 120.0)
    longest_s = [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, *[120.0] * 5000]
    waits_s = [backoff.attempted() for _ in longest_s]
    assert all(longest / 2 <= wait <= longest for wait, longest in zip(waits_s, longest_s, strict=True))
    assert min(waits_s) >= 1.0


def test_waits_differ_at_the_longest_too() -> None:
    """A hundred devices that lost one broker do not reconnect together."""
    backoff = Backoff(1.0, 120.0)
    waits_s = [backoff.attempted() for _ in range(100)][10:]
    assert all(one != other for one, other in pairwise(waits_s))


def test_lasting_connection_makes_earlier_attempts_forgotten() -> None:
    """After a stable connection the first retry comes soon again."""
    backoff = Backoff(1.0, 120.0)
    for _ in range(10):
        backoff.attempted()
    assert backoff.lasted(3600.0) <= 2.0


def test_connection_that_breaks_at_once_pays_like_none() -> None:
    """Two devices with one client id must not disconnect each other every second."""
    backoff = Backoff(1.0, 120.0)
    for _ in range(10):
        backoff.attempted()
        assert backoff.lasted(0.1) == backoff.wait_s
    assert backoff.wait_s >= 60.0
