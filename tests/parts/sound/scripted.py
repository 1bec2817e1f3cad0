"""Scripted driver, a clock that only the script advances, and a capture thread that uses both.

reads ──ScriptedStream──► Capture, in its own thread ──► Ring
"""

import threading
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from edged.audio.capture import Capture, Counts, Opened
from edged.audio.ring import AudioChunk, Ring
from edged.errors import CaptureError

RATE = 16_000
SIZE = 512  # samples per block, 32 ms at 16 kHz
BLOCK_S = SIZE / RATE
EPOCH_S = 1_700_000_000.0  # wall clock time when the monotonic clock is at 0

Read = tuple[NDArray[np.int16], bool]


class Clock:
    """Replaces ``time`` in the capture module."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        """Monotonic time in seconds, as the script sets it."""
        return self.now_s

    def time(self) -> float:
        """Wall clock time that matches ``monotonic``."""
        return EPOCH_S + self.now_s

    def after(self, seconds: float, *reads: Read) -> Iterator[Read]:
        """Yield ``reads``, each of which takes this long."""
        for read in reads:
            self.now_s += seconds
            yield read


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Fake clock in the capture module."""
    made = Clock()
    monkeypatch.setattr("edged.audio.capture.time", made)
    return made


class ScriptedStream:
    """Driver that returns scripted reads; then ``read`` blocks until ``abort``.

    With ``hangs``, neither ``read`` nor ``abort`` returns, as in a driver whose server has stopped, until ``release``
    ends both, ``abort`` last.
    """

    def __init__(self, reads: Iterable[Read], *, hangs: bool = False) -> None:
        self.calls: set[str] = set()  # calls in progress
        self.closed_beneath: set[str] = set()  # calls in progress at close
        self._reads: Iterator[Read] = iter(reads)
        self._hangs = hangs
        self._over, self._closed = threading.Event(), threading.Event()

    @property
    def closed(self) -> bool:
        """Whether the device was closed."""
        return self._closed.is_set()

    def start(self) -> None:
        """Do nothing."""

    def read(self, frames: int) -> tuple[bytes, bool]:
        """The next scripted read."""
        self.calls.add("read")
        try:
            for samples, overflowed in self._reads:
                assert len(samples) == frames
                return samples.tobytes(), overflowed
            assert self._over.wait(60)
            raise OSError("Stream is stopped\n[PaErrorCode -9983]")
        finally:
            self.calls.remove("read")

    def abort(self) -> None:
        """End a blocked read."""
        self.calls.add("abort")
        if self._hangs:
            assert self._over.wait(60)
            self._closed.wait(0.2)  # a caller that closes right after the read ends does so during this call
        self._over.set()
        self.calls.remove("abort")

    def close(self) -> None:
        """Record the close and the calls still in progress."""
        self.closed_beneath |= self.calls
        self._closed.set()

    def release(self) -> None:
        """Unblock a hung driver."""
        self._over.set()


def block(value: int, n_channels: int = 1) -> NDArray[np.int16]:
    """A block that alternates between two values around ``value``, so it is not digital silence."""
    samples = np.full((SIZE, n_channels), value, np.int16)
    samples[::2] += 1
    return samples


class Running:
    """A 16 kHz capture with its reader thread."""

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
        """Stop the reader and wait for its end."""
        self._stopping.set()
        self.capture.abort()
        self.wait()

    def wait(self) -> None:
        """Wait until the reader ends by itself."""
        self._reader.join(60)
        assert not self._reader.is_alive()

    def _read(self) -> None:
        try:
            self.capture.read_until(self._stopping)
        except CaptureError as exc:
            self.fault = exc


def read_all(ring: Ring) -> list[AudioChunk]:
    """All chunks in the ring."""
    chunks = []
    while (chunk := ring.read(0)) is not None:
        chunks.append(chunk)
    return chunks
