"""The ring: blocks in, chunks out, bounded, with every gap seen."""

import numpy as np
import pytest

from edged.audio.ring import AudioChunk, Ring
from edged.errors import CaptureError
from edged.features.logmel import Floats

RATE = 16_000


def ramp(start: int, n: int) -> Floats:
    """Samples that are their own count, so that any mix-up shows."""
    return np.arange(start, start + n, dtype=np.float32)


def taken(ring: Ring) -> AudioChunk:
    """What is in the ring now."""
    chunk = ring.read(0)
    assert chunk is not None
    return chunk


def test_blocks_come_out_as_one_stretch() -> None:
    """Contiguous blocks are read at once, with the count and the wall clock of the first sample."""
    ring = Ring(100)
    ring.write(ramp(0, 10), 1000.0, 5.0)
    ring.write(ramp(10, 20), 1000.5, 5.5)
    chunk = taken(ring)
    np.testing.assert_array_equal(chunk.samples, ramp(0, 30))
    assert (chunk.start, chunk.utc_s) == (0, 1000.0)
    assert chunk.captured_s == pytest.approx(5.5 + 20 / RATE, abs=1e-9)  # the monotonic clock at the last


def test_count_goes_on_over_reads() -> None:
    """What is read later starts where the last chunk ended."""
    ring = Ring(100)
    ring.write(ramp(0, 10), 0, 0)
    taken(ring)
    ring.write(ramp(10, 5), 0, 0)
    assert taken(ring).start == 10


def test_wrap_around_keeps_the_order() -> None:
    """Samples that lie across the end of the array come out in order, for every place of the wrap."""
    ring = Ring(7)
    count = 0
    for n in [3, 5, 7, 1, 6, 2, 4, 7, 7, 3]:
        ring.write(ramp(count, n), 0, 0)
        chunk = taken(ring)
        assert chunk.start == count
        np.testing.assert_array_equal(chunk.samples, ramp(count, n))
        count += n
    assert ring.n_dropped == 0


def test_stretch_is_not_overwritten_later() -> None:
    """A chunk is the reader's own: what is written afterwards does not change it."""
    ring = Ring(10)
    ring.write(ramp(0, 10), 0, 0)
    chunk = taken(ring)
    ring.write(ramp(50, 10), 0, 0)
    np.testing.assert_array_equal(chunk.samples, ramp(0, 10))


def test_exactly_full_drops_nothing() -> None:
    """As many samples as the capacity fit."""
    ring = Ring(10)
    ring.write(ramp(0, 4), 0, 0)
    ring.write(ramp(4, 6), 0, 0)
    assert len(taken(ring).samples) == 10
    assert ring.n_dropped == 0


def test_full_drops_the_oldest() -> None:
    """One sample too many costs the oldest one; the count and the clock of what stays are those of its first sample."""
    ring = Ring(10)
    ring.write(ramp(0, 6), 100.0, 0)
    ring.write(ramp(6, 5), 200.0, 0)
    chunk = taken(ring)
    np.testing.assert_array_equal(chunk.samples, ramp(1, 10))
    assert chunk.start == 1
    assert chunk.utc_s == pytest.approx(100.0 + 1 / RATE, abs=1e-9)
    assert ring.n_dropped == 1


def test_full_drops_whole_blocks() -> None:
    """Dropping goes on over the ends of blocks."""
    ring = Ring(10)
    for start in range(0, 20, 4):
        ring.write(ramp(start, 4), 100.0 + start, 0)
    chunk = taken(ring)
    np.testing.assert_array_equal(chunk.samples, ramp(10, 10))
    assert chunk.utc_s == pytest.approx(108 + 2 / RATE, abs=1e-9)
    assert ring.n_dropped == 10
    assert ring.n_written == 20


def test_block_larger_than_the_ring_keeps_its_end() -> None:
    """Of a block above the capacity the newest samples stay."""
    ring = Ring(10)
    ring.write(ramp(0, 3), 0, 0)
    ring.write(ramp(3, 25), 100.0, 0)
    chunk = taken(ring)
    np.testing.assert_array_equal(chunk.samples, ramp(18, 10))
    assert chunk.start == 18
    assert chunk.utc_s == pytest.approx(100 + 15 / RATE, abs=1e-9)
    assert ring.n_dropped == 18


def test_gap_ends_a_stretch() -> None:
    """Samples from before and after a loss come in two chunks, and the count jumps by what was lost."""
    ring = Ring(100)
    ring.write(ramp(0, 10), 0, 0)
    ring.lose(7)
    ring.write(ramp(17, 5), 0, 0)
    ring.write(ramp(22, 5), 0, 0)
    before, after = taken(ring), taken(ring)
    np.testing.assert_array_equal(before.samples, ramp(0, 10))
    np.testing.assert_array_equal(after.samples, ramp(17, 10))
    assert after.start == 17
    assert (ring.n_lost, ring.n_dropped) == (7, 0)


def test_wall_clock_that_jumps_changes_no_count() -> None:
    """A year back and forth between blocks leaves one chunk with one count."""
    ring = Ring(100)
    for index, utc_s in enumerate([1e9, 1e9 - 3e7, 2e9]):
        ring.write(ramp(10 * index, 10), utc_s, index)
    chunk = taken(ring)
    assert (chunk.start, len(chunk.samples), chunk.utc_s) == (0, 30, 1e9)


def test_newest_tells_when_the_newest_sample_was_captured() -> None:
    """The monotonic clock is that of the end of the newest block, read or not, and the count is just past it."""
    ring = Ring(RATE)
    assert ring.newest == (0, 0.0)
    ring.lose(10)
    ring.write(ramp(10, 1600), 0, 50.0)
    count, monotonic_s = ring.newest
    assert count == 1610
    assert monotonic_s == pytest.approx(50.1)
    taken(ring)
    assert ring.newest == (count, monotonic_s)


def test_newest_goes_on_over_what_was_lost() -> None:
    """The clock belongs to the count: lost samples move both, but no clock where nothing has come yet."""
    ring = Ring(100)
    ring.lose(5)
    assert ring.newest == (5, 0.0)
    ring.write(ramp(0, 16), 0, 50.0)
    ring.lose(RATE)
    count, monotonic_s = ring.newest
    assert count == 21 + RATE
    assert monotonic_s == pytest.approx(51.001)


def test_gaps_are_counted_when_they_are_read() -> None:
    """Lost at the driver or dropped by the full ring: each time that a chunk does not go on where the last ended."""
    ring = Ring(10)
    ring.write(ramp(0, 5), 0, 0)
    taken(ring)
    ring.write(ramp(5, 5), 0, 0)
    taken(ring)
    assert ring.n_gaps == 0
    ring.lose(1)
    ring.lose(1)
    ring.write(ramp(0, 5), 0, 0)
    taken(ring)
    assert ring.n_gaps == 1
    ring.write(ramp(0, 11), 0, 0)
    taken(ring)
    assert ring.n_gaps == 2


def test_read_of_an_empty_ring_ends_in_time() -> None:
    """Nothing written, nothing read."""
    assert Ring(10).read(0.01) is None


def test_error_is_raised_after_what_was_written() -> None:
    """The pipeline gets every sample that came before the fault, then the fault itself, each time it asks."""
    ring = Ring(100)
    ring.write(ramp(0, 10), 0, 0)
    ring.close(CaptureError("unplugged"))
    assert len(taken(ring).samples) == 10
    for _ in range(2):
        with pytest.raises(CaptureError, match=r"^unplugged$"):
            ring.read(30)


def test_first_close_decides() -> None:
    """A ring that was closed with a fault keeps it, and one closed without stays without."""
    ring = Ring(100)
    ring.close()
    ring.close(CaptureError("too late"))
    assert ring.read(30) is None


def test_closed_ring_takes_nothing() -> None:
    """A reader thread that was still on its way changes nothing."""
    ring = Ring(100)
    ring.close()
    ring.write(ramp(0, 10), 0, 0)
    assert ring.read(0) is None
    assert ring.n_written == 0


def test_capacity_of_nothing_is_refused() -> None:
    """A ring without room is a mistake of the caller."""
    with pytest.raises(ValueError, match="capacity 0"):
        Ring(0)


def test_forget_leaves_nothing_and_counts_nothing() -> None:
    """What waited is neither read later, nor counted as dropped, nor in memory; the count goes on."""
    ring = Ring(100)
    ring.write(ramp(1, 10), 0, 0)
    ring.forget()
    assert ring.read(0) is None
    assert ring.n_dropped == 0
    assert not ring._array.any()  # noqa: SLF001 -- it is the memory that is asked about
    ring.write(ramp(11, 5), 0, 0)
    chunk = taken(ring)
    assert (chunk.start, len(chunk.samples)) == (10, 5)


def test_skip_goes_on_at_that_moment() -> None:
    """Half a second after the newest sample the count is half a second further, a gap, and nothing is lost."""
    ring = Ring(RATE)
    ring.skip_to(3.0)  # nothing came yet: the count begins with the first sample
    ring.write(ramp(0, 1600), 0, 5.0)
    taken(ring)
    ring.skip_to(5.6)
    ring.write(ramp(0, 10), 0, 5.6)
    assert taken(ring).start == 1600 + RATE // 2
    assert (ring.n_lost, ring.n_gaps) == (0, 1)
