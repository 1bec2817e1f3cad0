"""The reader thread, on a driver that shows what pulseaudio cannot be made to show: overflow, stuck samples.

The driver is a script of reads; the real one is in test_microphone.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from edged.audio.capture import Capture, Opened
from edged.audio.ring import Ring, Stretch
from edged.errors import CaptureError

RATE = 16_000
SIZE = 512  # samples in a block of 32 ms at 16 kHz

Read = tuple[NDArray[np.int16], bool]


class ScriptedStream:
    """A driver that hands over what it is given, then does not return from ``read`` until it is aborted.

    With ``hangs`` not even that ends the read, as a driver's whose server has stopped; ``release`` does.
    """

    def __init__(self, reads: Iterable[Read], *, hangs: bool = False) -> None:
        self.closed = False
        self._reads: Iterator[Read] = iter(reads)
        self._hangs = hangs
        self._over = threading.Event()

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


def capture(stream: ScriptedStream, ring: Ring, *, n_channels: int = 1, silent_after_s: float = 10.0) -> Capture:
    """A started capture at 16 kHz."""
    started = Capture(Opened("Scripted", stream, RATE, n_channels), ring, silent_after_s=silent_after_s)
    started.start()
    return started


def wait_until(condition: Callable[[], object]) -> None:
    """Returns when it is true; fails after ten seconds."""
    deadline_s = time.monotonic() + 10
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
    running = capture(ScriptedStream([(block(value), False) for value in (-32768, 0, 16384, 1)]), ring)
    wait_until(lambda: ring.n_written == 3 * SIZE)
    assert running.close()
    (stretch,) = read_all(ring)
    np.testing.assert_array_equal(stretch.samples[1::SIZE], np.array([-1, 0, 0.5], np.float32))
    assert running.n_overflows == 0


def test_channels_are_averaged() -> None:
    """Interleaved stereo becomes the mean of both."""
    ring = Ring(RATE)
    stereo = block(0, 2)
    stereo[:, 0], stereo[:, 1] = 8192, 16384
    running = capture(ScriptedStream([(stereo, False), (stereo, False)]), ring, n_channels=2)
    wait_until(lambda: ring.n_written == SIZE)
    assert running.close()
    np.testing.assert_array_equal(read_all(ring)[0].samples, np.full(SIZE, 0.375, np.float32))


def test_clocks_are_those_of_the_first_sample() -> None:
    """A block that came just now began 32 ms ago."""
    ring = Ring(RATE)
    before_s, before_utc_s = time.monotonic(), time.time()
    running = capture(ScriptedStream([(block(1), False), (block(2), False)]), ring)
    wait_until(lambda: ring.n_written == SIZE)
    after_s, after_utc_s = time.monotonic(), time.time()
    assert running.close()
    (stretch,) = read_all(ring)
    assert before_utc_s <= stretch.utc_s + 0.032 <= after_utc_s
    assert before_s <= ring.newest[1] <= after_s


def test_overflow_is_a_gap() -> None:
    """The block in which samples are missing is left out whole, the next stretch starts later, and both are counted."""
    ring = Ring(RATE)
    reads = [(block(1), False), (block(2), False), (block(3), True), (block(4), False), (block(5), False)]
    running = capture(ScriptedStream(reads), ring)
    wait_until(lambda: ring.n_written == 3 * SIZE)
    assert running.close()
    before, after = read_all(ring)
    assert before.samples[1] * 32768 == 1
    assert len(before.samples) == SIZE
    assert list(after.samples[1::SIZE] * 32768) == [3, 4]
    assert after.start == SIZE + ring.n_lost > SIZE
    assert running.n_overflows == 1


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

    running = capture(ScriptedStream(reads()), ring)
    wait_until(lambda: ring.n_written == 2 * SIZE)
    elapsed_s = time.monotonic() - began_s[0]
    assert running.close()
    assert 0.3 - 3 * 0.032 <= ring.n_lost / RATE <= elapsed_s + 0.032


def test_digital_silence_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """One line when only one value has come for the given time, one when sound comes again."""
    caplog.set_level(logging.INFO)
    ring = Ring(10 * RATE)
    silence = np.zeros(SIZE, np.int16)
    sound = threading.Event()

    def reads() -> Iterator[Read]:
        yield block(1), False
        yield from [(silence, False)] * 50
        assert sound.wait(10)
        yield from [(block(1), False)] * 3

    running = capture(ScriptedStream(reads()), ring, silent_after_s=1.0)
    wait_until(lambda: running.silent)
    sound.set()
    wait_until(lambda: not running.silent)
    assert running.close()
    assert [record.message for record in caplog.records] == [
        "microphone 'Scripted': digital silence for 1 s; muted?",
        "microphone 'Scripted': sound again",
    ]


def test_silence_that_is_short_is_none() -> None:
    """One sample short of the given time nothing is said."""
    ring = Ring(10 * RATE)
    silence = np.zeros(SIZE, np.int16)
    reads = [(silence, False)] * 31 + [(block(1), False)] * 2  # 31 blocks are 0.992 s
    running = capture(ScriptedStream(reads), ring, silent_after_s=1.0)
    wait_until(lambda: ring.n_written == 32 * SIZE)
    assert not running.silent
    assert running.close()


def test_value_that_is_stuck_is_silence() -> None:
    """A constant that is not zero is no sound either."""
    ring = Ring(10 * RATE)
    running = capture(ScriptedStream([(np.full(SIZE, 77, np.int16), False)] * 40), ring, silent_after_s=1.0)
    wait_until(lambda: running.silent)
    assert running.close()


def test_failure_of_the_driver_reaches_the_pipeline() -> None:
    """What the driver raises in the reader thread is raised by the ring, in one line with the device's name."""
    ring = Ring(RATE)
    stream = ScriptedStream([(block(1), False), (block(2), False)])
    running = capture(stream, ring)
    wait_until(lambda: ring.n_written == SIZE)
    stream.release()  # the driver fails by itself
    assert ring.read(10) is not None
    with pytest.raises(
        CaptureError, match=r"^microphone 'Scripted': reading failed \(Stream is stopped \[PaError.*\]\)"
    ):
        ring.read(10)
    assert running.close()
    assert stream.closed


def test_any_exception_of_the_thread_reaches_the_pipeline() -> None:
    """A mistake of our own does not end the thread silently either."""
    ring = Ring(RATE)
    running = capture(ScriptedStream([(np.zeros(SIZE, np.int16), False)]), ring, n_channels=3)
    with pytest.raises(CaptureError, match="reading failed"):
        ring.read(10)
    assert running.close()


def test_close_ends_a_read_that_waits() -> None:
    """A driver that gives nothing any more is aborted, and closed only after the reader has left it."""
    stream = ScriptedStream([])
    assert capture(stream, Ring(RATE)).close()
    assert stream.closed


def test_close_leaves_a_driver_that_hangs_behind() -> None:
    """Where neither the read nor the abort returns, closing gives up after two seconds and leaves the stream alone."""
    stream = ScriptedStream([], hangs=True)
    running = capture(stream, Ring(RATE))
    began_s = time.monotonic()
    assert not running.close()
    assert 1.5 < time.monotonic() - began_s < 6
    assert not stream.closed
    stream.release()
    wait_until(lambda: not any(thread.name.startswith("edged") for thread in threading.enumerate()))
