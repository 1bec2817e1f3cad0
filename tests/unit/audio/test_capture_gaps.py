"""Lost samples: at the driver, between two openings, in a stall; the clock alone gives their number."""

from collections.abc import Iterator

import pytest

from edged.audio.capture import STALLED_S
from edged.audio.ring import Ring
from tests.parts.broker.mosquitto import wait_until
from tests.parts.sound.scripted import (
    BLOCK_S,
    EPOCH_S,
    RATE,
    SIZE,
    Clock,
    Read,
    Running,
    ScriptedStream,
    block,
    clock,
    read_all,
)

__all__ = ["clock"]


def test_clocks_are_those_of_the_first_sample(clock: Clock) -> None:
    """A block that arrives now started 32 ms ago."""
    ring = Ring(RATE)
    running = Running(ScriptedStream(clock.after(BLOCK_S, (block(1), False), (block(2), False))), ring)
    wait_until(lambda: ring.n_written == SIZE, "a block")
    running.close()
    (chunk,) = read_all(ring)
    assert chunk.utc_s == pytest.approx(EPOCH_S + 1000, abs=1e-6)
    assert ring.newest[1] == pytest.approx(1000 + BLOCK_S)


@pytest.mark.usefixtures("clock")
def test_overflow_is_a_gap() -> None:
    """A block with missing samples is dropped whole, the next chunk starts later, and both are counted."""
    ring = Ring(RATE)
    reads = [(block(1), False), (block(2), False), (block(3), True), (block(4), False), (block(5), False)]
    running = Running(ScriptedStream(reads), ring)
    wait_until(lambda: ring.n_written == 3 * SIZE, "three blocks")
    running.close()
    before, after = read_all(ring)
    assert before.samples[1] * 32768 == 1
    assert len(before.samples) == SIZE
    assert list(after.samples[1::SIZE] * 32768) == [3, 4]
    assert after.start == SIZE + ring.n_lost > SIZE
    assert running.counts.n_overflows == 1


def test_overflow_counts_what_was_lost(clock: Clock) -> None:
    """The loss is the driver's lost time plus the block before it, in which the gap may be."""
    ring = Ring(RATE)

    def reads() -> Iterator[Read]:
        yield from clock.after(BLOCK_S, (block(1), False), (block(1), False))
        clock.now_s += 0.3
        yield from clock.after(BLOCK_S, (block(1), True), (block(1), False))

    running = Running(ScriptedStream(reads()), ring)
    wait_until(lambda: ring.n_written == 2 * SIZE, "two blocks")
    running.close()
    assert ring.n_lost == round((0.3 + BLOCK_S) * RATE)


def test_overflow_in_two_blocks_counts_what_was_lost_once(clock: Clock) -> None:
    """Time already counted as lost is not counted again."""
    ring = Ring(RATE)

    def reads() -> Iterator[Read]:
        yield from clock.after(BLOCK_S, (block(1), False), (block(1), False))
        yield from clock.after(0.1, *[(block(1), True)] * 4)
        yield from clock.after(BLOCK_S, (block(1), False))

    running = Running(ScriptedStream(reads()), ring)
    wait_until(lambda: ring.n_written == 2 * SIZE, "two blocks")
    running.close()
    assert running.counts.n_overflows == 4
    assert ring.n_lost == 4 * 0.1 * RATE  # from the end of the first block to the last block, which arrived whole


def test_next_opening_counts_the_time_between(clock: Clock) -> None:
    """A device that returns continues the same count, advanced by its absence, which counts as lost."""
    ring = Ring(10 * RATE)
    first = Running(ScriptedStream(clock.after(BLOCK_S, *[(block(1), False)] * 2)), ring)
    wait_until(lambda: ring.n_written == SIZE, "a block")
    first.close()
    assert first.counts.n_recoveries == 0
    clock.now_s += 0.3  # the time without a device
    second = Running(ScriptedStream(clock.after(BLOCK_S, *[(block(2), False)] * 2)), ring)
    wait_until(lambda: ring.n_written == 2 * SIZE, "another block")
    second.close()
    assert second.counts.n_recoveries == 1
    before, after = read_all(ring)
    assert before.samples[1] * 32768 == 1
    assert after.samples[1] * 32768 == 2
    assert after.start - SIZE == round((0.3 + BLOCK_S) * RATE)  # plus the block that was held back
    assert ring.n_gaps == 1


def test_stall_that_mends_itself_is_a_gap(clock: Clock) -> None:
    """Samples buffered during a stall are dropped and count as lost for the time of the stall."""
    ring = Ring(10 * RATE)

    def reads() -> Iterator[Read]:
        yield from clock.after(BLOCK_S, *[(block(1), False)] * 2)
        clock.now_s += STALLED_S
        yield from [(block(2), False)] * 5  # buffered blocks, all at once
        yield from clock.after(BLOCK_S, *[(block(3), False)] * 3)

    running = Running(ScriptedStream(reads()), ring)
    wait_until(lambda: ring.n_written == 4 * SIZE, "four blocks")
    running.close()
    before, after = read_all(ring)
    assert set(before.samples[1::SIZE] * 32768) == {1}
    assert set(after.samples[1::SIZE] * 32768) == {3}
    assert after.start - 2 * SIZE == STALLED_S * RATE
    assert running.counts.n_overflows == 0
