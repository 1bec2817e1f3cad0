"""The ring: blocks in, chunks out, bounded, with every gap recorded."""

import numpy as np
import pytest

from edged.audio.ring import AudioChunk, Ring
from edged.errors import CaptureError
from edged.features.logmel import Floats

RATE = 16_000


def ramp(start: int, n: int) -> Floats:
    """Samples equal to their own count, so any mix-up shows."""
    return np.arange(start, start + n, dtype=np.float32)


def read_chunk(ring: Ring) -> AudioChunk:
    """The chunk in the ring now."""
    chunk = ring.read(0)
    assert chunk is not None
    return chunk


def test_blocks_come_out_as_one_chunk() -> None:
    """Contiguous blocks become one chunk, with the count and wall clock of the first sample."""
    ring = Ring(100)
    ring.write(ramp(0, 10), 1000.0, 5.0)
    ring.write(ramp(10, 20), 1000.5, 5.5)
    chunk = read_chunk(ring)
    np.testing.assert_array_equal(chunk.samples, ramp(0, 30))
    assert (chunk.start, chunk.utc_s) == (0, 1000.0)
    assert chunk.captured_s == pytest.approx(5.5 + 20 / RATE, abs=1e-9)  # monotonic time of the last sample


def test_count_continues_over_reads() -> None:
    """The next chunk starts where the last one ended."""
    ring = Ring(100)
    ring.write(ramp(0, 10), 0, 0)
    read_chunk(ring)
    ring.write(ramp(10, 5), 0, 0)
    assert read_chunk(ring).start == 10


def test_lacking_counts_down_to_what_is_awaited() -> None:
    """Nothing is lacking before something is awaited, and none once it is there."""
    ring = Ring(100)
    assert ring.lacking == 0
    ring.await_count(25)
    ring.write(ramp(0, 10), 0, 0)
    assert ring.lacking == 15
    ring.lose(20)
    assert ring.lacking == 0


def test_wrap_around_keeps_the_order() -> None:
    """Samples that wrap around the end of the array stay in order, at every offset."""
    ring = Ring(7)
    count = 0
    for n in [3, 5, 7, 1, 6, 2, 4, 7, 7, 3]:
        ring.write(ramp(count, n), 0, 0)
        chunk = read_chunk(ring)
        assert chunk.start == count
        np.testing.assert_array_equal(chunk.samples, ramp(count, n))
        count += n
    assert ring.n_dropped == 0


def test_chunk_is_not_overwritten_later() -> None:
    """A chunk is a copy: later writes do not change it."""
    ring = Ring(10)
    ring.write(ramp(0, 10), 0, 0)
    chunk = read_chunk(ring)
    ring.write(ramp(50, 10), 0, 0)
    np.testing.assert_array_equal(chunk.samples, ramp(0, 10))


def test_exactly_full_drops_nothing() -> None:
    """As many samples as the capacity fit."""
    ring = Ring(10)
    ring.write(ramp(0, 4), 0, 0)
    ring.write(ramp(4, 6), 0, 0)
    assert len(read_chunk(ring).samples) == 10
    assert ring.n_dropped == 0


def test_full_drops_the_oldest() -> None:
    """One sample too many drops the oldest; count and clock are those of the first remaining sample."""
    ring = Ring(10)
    ring.write(ramp(0, 6), 100.0, 0)
    ring.write(ramp(6, 5), 200.0, 0)
    chunk = read_chunk(ring)
    np.testing.assert_array_equal(chunk.samples, ramp(1, 10))
    assert chunk.start == 1
    assert chunk.utc_s == pytest.approx(100.0 + 1 / RATE, abs=1e-9)
    assert ring.n_dropped == 1


def test_full_drops_whole_blocks() -> None:
    """Dropping crosses block boundaries."""
    ring = Ring(10)
    for start in range(0, 20, 4):
        ring.write(ramp(start, 4), 100.0 + start, 0)
    chunk = read_chunk(ring)
    np.testing.assert_array_equal(chunk.samples, ramp(10, 10))
    assert chunk.utc_s == pytest.approx(108 + 2 / RATE, abs=1e-9)
    assert ring.n_dropped == 10
    assert ring.n_written == 20


def test_block_larger_than_the_ring_keeps_its_end() -> None:
    """Of a block larger than the capacity the newest samples remain."""
    ring = Ring(10)
    ring.write(ramp(0, 3), 0, 0)
    ring.write(ramp(3, 25), 100.0, 0)
    chunk = read_chunk(ring)
    np.testing.assert_array_equal(chunk.samples, ramp(18, 10))
    assert chunk.start == 18
    assert chunk.utc_s == pytest.approx(100 + 15 / RATE, abs=1e-9)
    assert ring.n_dropped == 18


def test_gap_ends_a_chunk() -> None:
    """Samples before and after a loss are separate chunks, and the count jumps by the loss."""
    ring = Ring(100)
    ring.write(ramp(0, 10), 0, 0)
    ring.lose(7)
    ring.write(ramp(17, 5), 0, 0)
    ring.write(ramp(22, 5), 0, 0)
    before, after = read_chunk(ring), read_chunk(ring)
    np.testing.assert_array_equal(before.samples, ramp(0, 10))
    np.testing.assert_array_equal(after.samples, ramp(17, 10))
    assert after.start == 17
    assert (ring.n_lost, ring.n_dropped) == (7, 0)


def test_wall_clock_that_jumps_changes_no_count() -> None:
    """A wall clock that jumps by a year between blocks leaves one chunk with one count."""
    ring = Ring(100)
    for index, utc_s in enumerate([1e9, 1e9 - 3e7, 2e9]):
        ring.write(ramp(10 * index, 10), utc_s, index)
    chunk = read_chunk(ring)
    assert (chunk.start, len(chunk.samples), chunk.utc_s) == (0, 30, 1e9)


def test_newest_is_the_time_of_the_newest_sample() -> None:
    """It returns the count after the newest block, read or not, and the monotonic time of its end."""
    ring = Ring(RATE)
    assert ring.newest == (0, 0.0)
    ring.lose(10)
    ring.write(ramp(10, 1600), 0, 50.0)
    count, monotonic_s = ring.newest
    assert count == 1610
    assert monotonic_s == pytest.approx(50.1)
    read_chunk(ring)
    assert ring.newest == (count, monotonic_s)


def test_newest_includes_lost_samples() -> None:
    """Lost samples advance count and clock together; before the first sample there is no clock."""
    ring = Ring(100)
    ring.lose(5)
    assert ring.newest == (5, 0.0)
    ring.write(ramp(0, 16), 0, 50.0)
    ring.lose(RATE)
    count, monotonic_s = ring.newest
    assert count == 21 + RATE
    assert monotonic_s == pytest.approx(51.001)


def test_gaps_are_counted_when_they_are_read() -> None:
    """A gap is counted each time a chunk does not continue the last one: lost at the driver or dropped by the ring."""
    ring = Ring(10)
    ring.write(ramp(0, 5), 0, 0)
    read_chunk(ring)
    ring.write(ramp(5, 5), 0, 0)
    read_chunk(ring)
    assert ring.n_gaps == 0
    ring.lose(1)
    ring.lose(1)
    ring.write(ramp(0, 5), 0, 0)
    read_chunk(ring)
    assert ring.n_gaps == 1
    ring.write(ramp(0, 11), 0, 0)
    read_chunk(ring)
    assert ring.n_gaps == 2


def test_read_of_an_empty_ring_ends_in_time() -> None:
    """A read without data returns None at its timeout."""
    assert Ring(10).read(0.01) is None


def test_error_is_raised_after_what_was_written() -> None:
    """The reader gets every sample before the fault, then the fault on each read."""
    ring = Ring(100)
    ring.write(ramp(0, 10), 0, 0)
    ring.close(CaptureError("unplugged"))
    assert len(read_chunk(ring).samples) == 10
    for _ in range(2):
        with pytest.raises(CaptureError, match=r"^unplugged$"):
            ring.read(30)


def test_first_close_decides() -> None:
    """A ring closed with a fault keeps it, and one closed without stays without."""
    ring = Ring(100)
    ring.close()
    ring.close(CaptureError("too late"))
    assert ring.read(30) is None


def test_closed_ring_takes_nothing() -> None:
    """A late write changes nothing."""
    ring = Ring(100)
    ring.close()
    ring.write(ramp(0, 10), 0, 0)
    assert ring.read(0) is None
    assert ring.n_written == 0


def test_capacity_of_nothing_is_refused() -> None:
    """A capacity of 0 is a programming error."""
    with pytest.raises(ValueError, match="capacity 0"):
        Ring(0)


def test_forget_leaves_nothing_and_counts_nothing() -> None:
    """Waiting samples are neither read, nor counted as dropped, nor left in memory; the count continues."""
    ring = Ring(100)
    ring.write(ramp(1, 10), 0, 0)
    ring.forget()
    assert ring.read(0) is None
    assert ring.n_dropped == 0
    assert not ring._array.any()  # noqa: SLF001 -- this is about the memory
    ring.write(ramp(11, 5), 0, 0)
    chunk = read_chunk(ring)
    assert (chunk.start, len(chunk.samples)) == (10, 5)


def test_skip_continues_at_that_moment() -> None:
    """Half a second after the newest sample the count is half a second ahead: a gap without a loss."""
    ring = Ring(RATE)
    ring.skip_to(3.0)  # no samples yet: the count starts with the first one
    ring.write(ramp(0, 1600), 0, 5.0)
    read_chunk(ring)
    ring.skip_to(5.6)
    ring.write(ramp(0, 10), 0, 5.6)
    assert read_chunk(ring).start == 1600 + RATE // 2
    assert (ring.n_lost, ring.n_gaps) == (0, 1)
