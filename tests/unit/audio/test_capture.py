"""Capture with a scripted driver that shows what pulseaudio cannot be made to show: overflow, stuck samples.

test_microphone uses the real driver; test_capture_gaps covers lost samples.
"""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from edged.audio.capture import Capture, Counts, Opened
from edged.audio.ring import Ring
from tests.parts.broker.mosquitto import wait_until
from tests.parts.sound.scripted import RATE, SIZE, Read, Running, ScriptedStream, block, clock, read_all

__all__ = ["clock"]

pytestmark = pytest.mark.usefixtures("clock")


def test_blocks_become_samples() -> None:
    """16-bit samples become [-1, 1] in order; the last block is held back until the next shows no gap."""
    ring = Ring(RATE)
    running = Running(ScriptedStream([(block(value), False) for value in (-32768, 0, 16384, 1)]), ring)
    wait_until(lambda: ring.n_written == 3 * SIZE, "three blocks")
    running.close()
    (chunk,) = read_all(ring)
    np.testing.assert_array_equal(chunk.samples[1::SIZE], np.array([-1, 0, 0.5], np.float32))
    assert running.counts.n_overflows == 0


@pytest.mark.parametrize(("value", "n"), [(32766, SIZE // 2), (-32768, SIZE // 2), (32765, 0), (-32767, 0)])
def test_clipping_is_counted_at_the_end_of_the_range(value: int, n: int) -> None:
    """Samples at either end of the 16-bit range count as clipped; one step less does not."""
    ring = Ring(RATE)
    running = Running(ScriptedStream([(block(value), False), (block(0), False)]), ring)
    wait_until(lambda: ring.n_written == SIZE, "a block")
    running.close()
    assert running.counts.n_clipped == n


def test_digital_silence_begins_and_ends() -> None:
    """A constant value for the given time is silence, until sound returns."""
    ring = Ring(10 * RATE)
    silence = np.zeros(SIZE, np.int16)
    sound = threading.Event()

    def reads() -> Iterator[Read]:
        yield block(1), False
        yield from [(silence, False)] * 50
        assert sound.wait(60)
        yield from [(block(1), False)] * 3

    running = Running(ScriptedStream(reads()), ring, silent_after_s=1.0)
    wait_until(lambda: running.capture.silent, "silence")
    sound.set()
    wait_until(lambda: not running.capture.silent, "sound")
    running.close()


def test_silence_that_is_short_is_none() -> None:
    """One sample less than the given time is not silence."""
    ring = Ring(10 * RATE)
    silence = np.zeros(SIZE, np.int16)
    reads = [(silence, False)] * 31 + [(block(1), False)] * 2  # 31 blocks are 0.992 s
    running = Running(ScriptedStream(reads), ring, silent_after_s=1.0)
    wait_until(lambda: ring.n_written == 32 * SIZE, "all but the last")
    assert not running.capture.silent
    running.close()


def test_value_that_is_stuck_is_silence() -> None:
    """A constant other than zero is silence too."""
    ring = Ring(10 * RATE)
    running = Running(ScriptedStream([(np.full(SIZE, 77, np.int16), False)] * 40), ring, silent_after_s=1.0)
    wait_until(lambda: running.capture.silent, "silence")
    running.close()


def test_failure_of_the_driver_is_a_capture_error() -> None:
    """A driver error ends the capture after all samples before it, in one line with the device's name."""
    ring = Ring(RATE)
    stream = ScriptedStream([(block(1), False), (block(2), False)])
    running = Running(stream, ring)
    wait_until(lambda: ring.n_written == SIZE, "a block")
    stream.release()  # the driver fails on its own
    running.wait()
    assert str(running.fault).startswith("microphone 'Scripted': reading failed (Stream is stopped [PaError")
    assert stream.closed
    assert ring.read(0) is not None


def test_any_exception_of_the_thread_is_a_capture_error() -> None:
    """A bug in our own code does not end the thread silently either."""
    running = Running(ScriptedStream([(np.zeros(SIZE, np.int16), False)]), Ring(RATE), n_channels=3)
    running.wait()
    assert "reading failed" in str(running.fault)


def test_abort_ends_a_read_that_waits() -> None:
    """A driver without data is aborted, and closed only after the reader has left it."""
    stream = ScriptedStream([])
    running = Running(stream, Ring(RATE))
    running.close()
    assert stream.closed
    assert running.fault is None
    running.capture.abort()  # too late: the closed stream is not touched


def test_driver_that_hangs_is_not_closed_beneath_its_calls() -> None:
    """While read and abort have not returned, the stream is not closed."""
    stream = ScriptedStream([], hangs=True)
    running = Running(stream, Ring(RATE))
    aborting = threading.Thread(target=running.capture.abort, name="edged-microphone-abort")
    aborting.start()
    wait_until(lambda: stream.calls == {"read", "abort"}, "both calls")
    assert not stream.closed
    stream.release()
    aborting.join(60)
    running.wait()
    assert stream.closed
    assert stream.closed_beneath == set()


def test_blocks_are_long_while_nothing_is_due() -> None:
    """Up to the awaited sample in few reads, then a short block that shows that no gap lies before it."""
    ring = Ring(RATE)
    sizes: list[int] = []
    due = 31 * 256  # a stride
    ring.await_count(due)

    class Recorded(ScriptedStream):
        """Gives whatever is asked for."""

        def read(self, frames: int) -> tuple[bytes, bool]:
            if len(sizes) == 7:
                return super().read(frames)
            sizes.append(frames)
            return np.arange(frames, dtype=np.int16).tobytes(), False

    running = Running(Recorded([]), ring)
    wait_until(lambda: ring.n_written > due, "the stride and a block")
    running.close()
    assert sizes == [1984, 1984, 1984, 1984, SIZE // 4, SIZE, SIZE]


def test_long_blocks_at_another_rate() -> None:
    """What is awaited counts at 16 kHz; blocks are as long in time at the device's rate."""
    ring = Ring(RATE)
    capture = Capture(Opened("Scripted", ScriptedStream([]), 48_000, 1), ring, Counts(), silent_after_s=10.0)
    sizes = []
    for lacking in (0, 1, 1024, 31 * 256):
        ring.await_count(lacking)
        sizes.append(capture._block_size(None))  # noqa: SLF001 -- a reader thread would need a scripted resampler
    assert sizes == [1536, 1536, 3072, 5952]
