"""A driver that is a script of reads, a clock that stands until the script moves it, and a reader on both.

reads ──ScriptedStream──► Capture, in a thread of its own ──► Ring
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
SIZE = 512  # samples in a block of 32 ms at 16 kHz
BLOCK_S = SIZE / RATE
EPOCH_S = 1_700_000_000.0  # of the wall clock when the monotonic one is at 0

Read = tuple[NDArray[np.int16], bool]


class Clock:
    """Stands where ``time`` does in the capture."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        """Seconds that a script moves on."""
        return self.now_s

    def time(self) -> float:
        """The wall clock beside it."""
        return EPOCH_S + self.now_s

    def after(self, seconds: float, *reads: Read) -> Iterator[Read]:
        """Reads of which each takes so long."""
        for read in reads:
            self.now_s += seconds
            yield read


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The capture's."""
    made = Clock()
    monkeypatch.setattr("edged.audio.capture.time", made)
    return made


class ScriptedStream:
    """A driver that hands over what it is given, then does not return from ``read`` until it is aborted.

    With ``hangs`` not even that ends the read, nor does ``abort`` return, as a driver's whose server has stopped;
    ``release`` ends both, the abort last.
    """

    def __init__(self, reads: Iterable[Read], *, hangs: bool = False) -> None:
        self.calls: set[str] = set()  # that have not returned
        self.closed_beneath: set[str] = set()  # those of them at the close
        self._reads: Iterator[Read] = iter(reads)
        self._hangs = hangs
        self._over, self._closed = threading.Event(), threading.Event()

    @property
    def closed(self) -> bool:
        """Whether the device was given back."""
        return self._closed.is_set()

    def start(self) -> None:
        """Nothing is to be done."""

    def read(self, frames: int) -> tuple[bytes, bool]:
        """The next of the script."""
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
        """Ends a read that waits."""
        self.calls.add("abort")
        if self._hangs:
            assert self._over.wait(60)
            self._closed.wait(0.2)  # so that whoever closes as soon as the read has ended does so beneath this call
        self._over.set()
        self.calls.remove("abort")

    def close(self) -> None:
        """Notes that it was called, and beneath what."""
        self.closed_beneath |= self.calls
        self._closed.set()

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


def read_all(ring: Ring) -> list[AudioChunk]:
    """What is in the ring."""
    found = []
    while (chunk := ring.read(0)) is not None:
        found.append(chunk)
    return found
