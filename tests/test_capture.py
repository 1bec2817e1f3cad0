"""An opening and its reading, on a driver that shows what pulseaudio cannot be made to show: overflow, stuck samples.

The driver is a script of reads; the real one is in test_microphone.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import numpy as np
import pytest
from numpy.typing import NDArray

from edged.audio import capture as module
from edged.audio.capture import Capture, Counts, Opened
from edged.audio.ring import Ring, Stretch
from edged.errors import CaptureError

RATE = 16_000
SIZE = 512  # samples in a block of 32 ms at 16 kHz

Read = tuple[NDArray[np.int16], bool]


class ScriptedStream:
    """A driver that hands over what it is given, then does not return from ``read`` until it is aborted.

    With ``hangs`` not even that ends the read, nor does ``abort`` return, as a driver's whose server has stopped;
    ``release`` ends both.
    """

    def __init__(self, reads: Iterable[Read], *, hangs: bool = False) -> None:
        self.closed = False
        self._reads: Iterator[Read] = iter(reads)
        self._hangs = hangs
        self._over = threading.Event()

    def start(self) -> None:
        """Nothing is to be done."""

    def read(self, frames: int) -> tuple[bytes, bool]:
        """The next of the script."""
        for samples, overflowed in self._reads:
            assert len(samples) == frames
            return samples.tobytes(), overflowed
        assert self._over.wait(60)
        raise OSError("Stream is stopped\n[PaErrorCode -9983]")

    def abort(self) -> None:
        """Ends a read that waits."""
        if self._hangs:
            assert self._over.wait(60)
        self._over.set()

    def close(self) -> None:
        """Notes that it was called."""
        self.closed = True

    def release(self) -> None:
        """Lets the hanging driver go."""
        self._over.set()


def block(value: int, n_channels: int = 1) -> NDArray[np.int16]:
    """A block of two values around ``value``, so that it is no digital silence."""
    samples = np.full((SIZE, n_channels), value, np.int16)
    samples[::2] += 1
    return samples


class Running:
    """A capture at 16 kHz with its reader thread."""

    def __init__(
        self, stream: ScriptedStream, ring: Ring, *, n_channels: int = 1, silent_after_s: float = 10.0
    ) -> None:
        self.counts = Counts()
        self.fault: CaptureError | None = None
        self.capture = Capture(
            Opened("Scripted", stream, RATE, n_channels), ring, self.counts, silent_after_s=silent_after_s
        )
        self._stopping = threading.Event()
        self._reader = threading.Thread(target=self._read, name="edged-microphone")
        self._reader.start()

    def close(self) -> None:
        """Ends the reading, and returns when it has ended."""
        self._stopping.set()
        self.capture.abort()
        self.wait()

    def wait(self) -> None:
        """Returns when the reading has ended by itself."""
        self._reader.join(10)
        assert not self._reader.is_alive()

    def _read(self) -> None:
        try:
            self.capture.read_until(self._stopping)
        except CaptureError as exc:
            self.fault = exc


def wait_until(condition: Callable[[], object], within_s: float = 10) -> None:
    """Returns when it is true; fails when it is not in time."""
    deadline_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline_s
        threading.Event().wait(0.001)


def read_all(ring: Ring) -> list[Stretch]:
    """What is in the ring."""
    found = []
    while (stretch := ring.read(0)) is not None:
        found.append(stretch)
    return found


def test_blocks_become_samples() -> None:
    """16 bits become [-1, 1], in order; the last block is held back until it is known that no gap lies in it."""
    ring = Ring(RATE)
    running = Running(ScriptedStream([(block(value), False) for value in (-32768, 0, 16384, 1)]), ring)
    wait_until(lambda: ring.n_written == 3 * SIZE)
    running.close()
    (stretch,) = read_all(ring)
    np.testing.assert_array_equal(stretch.samples[1::SIZE], np.array([-1, 0, 0.5], np.float32))
    assert running.counts.n_overflows == 0


def test_channels_are_averaged() -> None:
    """Interleaved stereo becomes the mean of both."""
    ring = Ring(RATE)
    stereo = block(0, 2)
    stereo[:, 0], stereo[:, 1] = 8192, 16384
    running = Running(ScriptedStream([(stereo, False), (stereo, False)]), ring, n_channels=2)
    wait_until(lambda: ring.n_written == SIZE)
    running.close()
    np.testing.assert_array_equal(read_all(ring)[0].samples, np.full(SIZE, 0.375, np.float32))


def test_clocks_are_those_of_the_first_sample() -> None:
    """A block that came just now began 32 ms ago."""
    ring = Ring(RATE)
    before_s, before_utc_s = time.monotonic(), time.time()
    running = Running(ScriptedStream([(block(1), False), (block(2), False)]), ring)
    wait_until(lambda: ring.n_written == SIZE)
    after_s, after_utc_s = time.monotonic(), time.time()
    running.close()
    (stretch,) = read_all(ring)
    assert before_utc_s <= stretch.utc_s + 0.032 <= after_utc_s
    assert before_s <= ring.newest[1] <= after_s


def test_overflow_is_a_gap() -> None:
    """The block in which samples are missing is left out whole, the next stretch starts later, and both are counted."""
    ring = Ring(RATE)
    reads = [(block(1), False), (block(2), False), (block(3), True), (block(4), False), (block(5), False)]
    running = Running(ScriptedStream(reads), ring)
    wait_until(lambda: ring.n_written == 3 * SIZE)
    running.close()
    before, after = read_all(ring)
    assert before.samples[1] * 32768 == 1
    assert len(before.samples) == SIZE
    assert list(after.samples[1::SIZE] * 32768) == [3, 4]
    assert after.start == SIZE + ring.n_lost > SIZE
    assert running.counts.n_overflows == 1


def test_overflow_counts_what_was_lost() -> None:
    """How much was lost is told by the monotonic clock, to within the time that a block takes."""
    ring = Ring(RATE)
    began_s: list[float] = []

    def reads() -> Iterator[Read]:
        for _ in range(2):
            yield block(1), False
        began_s.append(time.monotonic())
        threading.Event().wait(0.3)  # the time in which the driver lost samples
        yield block(1), True
        yield block(1), False

    running = Running(ScriptedStream(reads()), ring)
    wait_until(lambda: ring.n_written == 2 * SIZE)
    elapsed_s = time.monotonic() - began_s[0]
    running.close()
    assert 0.3 - 3 * 0.032 <= ring.n_lost / RATE <= elapsed_s + 0.032


def test_overflow_in_two_blocks_counts_what_was_lost_once() -> None:
    """The time that is already counted as lost is not counted again."""
    ring = Ring(RATE)
    began_s = time.monotonic()

    def reads() -> Iterator[Read]:
        yield from [(block(1), False)] * 2
        for _ in range(4):
            threading.Event().wait(0.1)
            yield block(1), True
        yield block(1), False

    running = Running(ScriptedStream(reads()), ring)
    wait_until(lambda: ring.n_written == 2 * SIZE)
    elapsed_s = time.monotonic() - began_s
    running.close()
    assert running.counts.n_overflows == 4
    assert 0.3 <= ring.n_lost / RATE <= elapsed_s + 0.032


def test_next_opening_counts_the_time_between() -> None:
    """A device that comes again goes on in the same count, later by the time that it was away, and is counted."""
    ring = Ring(10 * RATE)
    first = Running(ScriptedStream([(block(1), False)] * 2), ring)
    wait_until(lambda: ring.n_written == SIZE)
    first.close()
    assert first.counts.n_recoveries == 0
    left_s = time.monotonic()
    threading.Event().wait(0.3)  # the time without a device
    second = Running(ScriptedStream([(block(2), False)] * 2), ring)
    wait_until(lambda: ring.n_written == 2 * SIZE)
    away_s = time.monotonic() - left_s
    second.close()
    assert second.counts.n_recoveries == 1
    before, after = read_all(ring)
    assert before.samples[1] * 32768 == 1
    assert after.samples[1] * 32768 == 2
    assert 0.3 - 3 * 0.032 <= (after.start - SIZE) / RATE <= away_s + 0.032
    assert ring.n_gaps == 1


def test_stall_that_mends_itself_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the driver kept while it or this program stood still is left out, and counts as the time that it took."""
    monkeypatch.setattr(module, "STALLED_S", 0.3)
    ring = Ring(10 * RATE)
    began_s: list[float] = []

    def reads() -> Iterator[Read]:
        yield from [(block(1), False)] * 2
        began_s.append(time.monotonic())
        threading.Event().wait(0.5)  # the stall
        yield from [(block(2), False)] * 5  # at once: from before
        for _ in range(3):
            threading.Event().wait(0.032)
            yield block(3), False

    running = Running(ScriptedStream(reads()), ring)
    wait_until(lambda: ring.n_written == 4 * SIZE)
    elapsed_s = time.monotonic() - began_s[0]
    running.close()
    before, after = read_all(ring)
    assert set(before.samples[1::SIZE] * 32768) == {1}
    assert set(after.samples[1::SIZE] * 32768) == {3}
    assert 0.5 - 3 * 0.032 <= (after.start - 2 * SIZE) / RATE <= elapsed_s + 0.032
    assert running.counts.n_overflows == 0


@pytest.mark.parametrize(("value", "n"), [(32766, SIZE // 2), (-32768, SIZE // 2), (32765, 0), (-32767, 0)])
def test_clipping_is_counted_at_the_end_of_the_range(value: int, n: int) -> None:
    """Every second sample at an end of 16 bits, above or below; one step less is none."""
    ring = Ring(RATE)
    running = Running(ScriptedStream([(block(value), False), (block(0), False)]), ring)
    wait_until(lambda: ring.n_written == SIZE)
    running.close()
    assert running.counts.n_clipped == n


def test_digital_silence_begins_and_ends() -> None:
    """Silent when only one value has come for the given time, no longer when sound comes again."""
    ring = Ring(10 * RATE)
    silence = np.zeros(SIZE, np.int16)
    sound = threading.Event()

    def reads() -> Iterator[Read]:
        yield block(1), False
        yield from [(silence, False)] * 50
        assert sound.wait(10)
        yield from [(block(1), False)] * 3

    running = Running(ScriptedStream(reads()), ring, silent_after_s=1.0)
    wait_until(lambda: running.capture.silent)
    sound.set()
    wait_until(lambda: not running.capture.silent)
    running.close()


def test_silence_that_is_short_is_none() -> None:
    """One sample short of the given time nothing is said."""
    ring = Ring(10 * RATE)
    silence = np.zeros(SIZE, np.int16)
    reads = [(silence, False)] * 31 + [(block(1), False)] * 2  # 31 blocks are 0.992 s
    running = Running(ScriptedStream(reads), ring, silent_after_s=1.0)
    wait_until(lambda: ring.n_written == 32 * SIZE)
    assert not running.capture.silent
    running.close()


def test_value_that_is_stuck_is_silence() -> None:
    """A constant that is not zero is no sound either."""
    ring = Ring(10 * RATE)
    running = Running(ScriptedStream([(np.full(SIZE, 77, np.int16), False)] * 40), ring, silent_after_s=1.0)
    wait_until(lambda: running.capture.silent)
    running.close()


def test_failure_of_the_driver_is_a_capture_error() -> None:
    """What the driver raises ends the reading, in one line with the device's name, after what came before."""
    ring = Ring(RATE)
    stream = ScriptedStream([(block(1), False), (block(2), False)])
    running = Running(stream, ring)
    wait_until(lambda: ring.n_written == SIZE)
    stream.release()  # the driver fails by itself
    running.wait()
    assert str(running.fault).startswith("microphone 'Scripted': reading failed (Stream is stopped [PaError")
    assert stream.closed
    assert ring.read(0) is not None


def test_any_exception_of_the_thread_is_a_capture_error() -> None:
    """A mistake of our own does not end the thread silently either."""
    running = Running(ScriptedStream([(np.zeros(SIZE, np.int16), False)]), Ring(RATE), n_channels=3)
    running.wait()
    assert "reading failed" in str(running.fault)


def test_abort_ends_a_read_that_waits() -> None:
    """A driver that gives nothing any more is aborted, and closed only after the reader has left it."""
    stream = ScriptedStream([])
    running = Running(stream, Ring(RATE))
    running.close()
    assert stream.closed
    assert running.fault is None
    running.capture.abort()  # late: the stream is gone, and is not touched


def test_driver_that_hangs_is_not_closed_beneath_its_calls() -> None:
    """Where neither the read nor the abort returns, the stream is left alone until they do."""
    stream = ScriptedStream([], hangs=True)
    running = Running(stream, Ring(RATE))
    aborting = threading.Thread(target=running.capture.abort, name="edged-microphone-abort")
    aborting.start()
    with suppress(AssertionError):
        wait_until(lambda: stream.closed, 0.5)
    assert not stream.closed
    stream.release()
    aborting.join(10)
    running.wait()
    assert stream.closed
