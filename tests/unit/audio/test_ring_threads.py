"""The ring between two threads: a waiting reader wakes up, and no sample is lost."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest

from edged.audio.ring import AudioChunk, Ring
from tests.unit.audio.test_ring import ramp


@contextmanager
def waiting(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> Iterator[Future[AudioChunk | None]]:
    """A blocked read in another thread; it must return as soon as it is woken."""
    waits, wait = threading.Event(), ring._changed.wait  # noqa: SLF001 -- shows when the read blocks

    def noted(timeout_s: float | None = None) -> bool:
        waits.set()
        return wait(timeout_s)

    monkeypatch.setattr(ring._changed, "wait", noted)  # noqa: SLF001
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(ring.read, 200)
        assert waits.wait(60)
        yield reading


def test_write_wakes_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blocked read returns when another thread writes, long before its timeout."""
    ring = Ring(100)
    with waiting(ring, monkeypatch) as reading:
        ring.write(ramp(0, 10), 0.0, 0.0)
        chunk = reading.result(60)
    assert chunk is not None
    assert len(chunk.samples) == 10


def test_close_wakes_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blocked read returns None when another thread closes the ring."""
    ring = Ring(100)
    with waiting(ring, monkeypatch) as reading:
        ring.close()
        assert reading.result(60) is None
    assert ring.closed


def test_two_threads_lose_no_sample() -> None:
    """One thread writes odd blocks and some losses, the other reads every sample at its right count."""
    ring = Ring(100_000)  # all of it fits, so nothing is dropped
    generator = np.random.default_rng(5)
    sizes = generator.integers(1, 400, 400)

    def write() -> None:
        count = 0
        for index, n in enumerate(sizes):
            if index % 7 == 3:
                ring.lose(int(n))
                count += int(n)
            ring.write(ramp(count, int(n)), 0, 0)
            count += int(n)
        ring.close()

    writer = threading.Thread(target=write)
    writer.start()
    n_read, end = 0, 0
    while (chunk := ring.read(30)) is not None:
        np.testing.assert_array_equal(chunk.samples, ramp(chunk.start, len(chunk.samples)))
        n_read += len(chunk.samples)
        assert chunk.start >= end
        end = chunk.start + len(chunk.samples)
    writer.join(60)
    assert n_read == ring.n_written == sizes.sum()
    assert ring.n_lost == sizes[3::7].sum()
    assert ring.n_dropped == 0


def test_awaited_count_wakes_the_reader_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks before the awaited count wake nobody; the block that reaches it brings all of them."""
    ring, notified = Ring(100), []
    monkeypatch.setattr(ring._changed, "notify", lambda: notified.append(ring._next))  # noqa: SLF001 -- who is woken
    ring.await_count(35)
    for at in range(0, 40, 10):
        ring.write(ramp(at, 10), 0.0, at / 16_000)
    assert notified == [40]
    chunk = ring.read(0)
    assert chunk is not None
    assert len(chunk.samples) == 40


def test_wake_ends_a_read_with_what_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command must not wait for the sound of the next window."""
    ring = Ring(100)
    ring.await_count(50)
    with waiting(ring, monkeypatch) as reading:
        ring.write(ramp(0, 10), 0.0, 0.0)
        ring.wake()
        chunk = reading.result(60)
    assert chunk is not None
    assert len(chunk.samples) == 10
    assert ring.read(0) is None  # it is woken once


def test_awaited_count_is_not_waited_for_across_a_gap() -> None:
    """Sound before a gap is handed out at once, and so is a ring that is half full."""
    ring = Ring(100)
    ring.await_count(1000)
    ring.write(ramp(0, 10), 0.0, 0.0)
    ring.lose(5)
    ring.write(ramp(15, 10), 0.0, 0.0)
    chunk = ring.read(60)
    assert chunk is not None
    assert (chunk.start, len(chunk.samples)) == (0, 10)
    ring.write(ramp(25, 40), 0.0, 0.0)
    chunk = ring.read(60)
    assert chunk is not None
    assert (chunk.start, len(chunk.samples)) == (15, 50)
