"""The collector of a process that runs for months: off, and rarely asked."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from edged.host.process.memory import FIRST_S, PERIOD_S, Collector, limit_arenas


class Cycle:
    """An object that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collector_as_before() -> Iterator[None]:
    """Whatever a test does to it."""
    yield
    gc.enable()
    gc.unfreeze()


def test_collector_is_off_inside() -> None:
    """What the start made is frozen; afterwards all is as before."""
    with Collector():
        assert not gc.isenabled()
        assert gc.get_freeze_count() > 0
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_cycles_are_freed_after_a_minute_and_then_every_six_hours() -> None:
    """And not before."""
    now = [100.0]
    with Collector(lambda: now[0]) as collector:
        for wait_s in (FIRST_S, PERIOD_S):
            lost = weakref.ref(Cycle())
            now[0] += wait_s - 0.5
            collector.collect_rarely()
            assert lost() is not None
            now[0] += 0.5
            collector.collect_rarely()
            assert lost() is None


def test_no_collection_in_an_hour() -> None:
    """However many objects come and go."""
    with Collector(lambda: 0.0) as collector:
        before = [one["collections"] for one in gc.get_stats()]
        for _ in range(3600):
            _made = [[n] for n in range(50)]
            collector.collect_rarely()
        assert [one["collections"] for one in gc.get_stats()] == before


def test_arenas_can_be_limited_twice() -> None:
    """It changes nothing that a caller can see."""
    limit_arenas()
    limit_arenas()
