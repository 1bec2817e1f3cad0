"""An open driver stream to the ring: the reader thread, from its start to its end.

    driver ──read──► block (n, channels) int16 ──mean──► (n,) float32 ──Resampler──► Ring at 16 kHz

The thread reads, resamples and writes to the ring, nothing else, so that it is back at the driver in time.  Whatever
ends it is left in the ring, and raised in the pipeline: a capture that has died while the daemon looks alive is the
worst failure there is.
"""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edged.audio.resample import Resampler
from edged.audio.ring import Floats, Ring
from edged.errors import CaptureError
from edged.features.geometry import GEOMETRY

_BLOCK_MS = 32  # what is read at once
_CLOSE_S = 2.0  # the most that closing may take; what hangs longer is left behind

_log = logging.getLogger(__name__)


class DriverStream(Protocol):
    """What is used of PortAudio's blocking streams (``sounddevice.RawInputStream``): started, int16, interleaved."""

    def read(self, frames: int, /) -> tuple[Any, bool]:
        """A buffer of int16 for each channel, as many as asked for, and whether samples were lost before them."""

    def abort(self) -> object:
        """Stops the driver without waiting for the sound that it still has."""

    def close(self) -> object:
        """Gives the device back."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A device that gives samples as it was found willing to."""

    name: str
    stream: DriverStream
    rate_hz: int
    n_channels: int


class Capture:
    """One opening of a device: its stream, and the thread that reads it into ``ring`` until it is closed or fails."""

    def __init__(self, opened: Opened, ring: Ring, *, silent_after_s: float) -> None:
        self.opened = opened
        self.n_overflows = 0  # times that the driver lost samples
        self.silent = False  # one value without change for silent_after_s
        self._stream = opened.stream
        self._ring = ring
        self._resampler = Resampler(opened.rate_hz)
        self._silent_after_s = silent_after_s
        self._constant_s = 0.0
        self._stopping = threading.Event()
        # A daemon thread: where the driver hangs for ever in a read, the program must still end.
        self._reader = threading.Thread(target=self._read_on, name="edged-microphone", daemon=True)

    def start(self) -> None:
        """Starts the reader thread; from here on ``close`` must be called."""
        self._reader.start()

    def close(self) -> bool:
        """Ends the reader and closes the stream; False if the driver hung for two seconds and both were left behind."""
        self._stopping.set()
        # The calls that close can hang as the read can, so they have a thread that can be left behind too.
        closer = threading.Thread(target=self._close_stream, name="edged-microphone-closer", daemon=True)
        closer.start()
        closer.join(_CLOSE_S)
        return not (closer.is_alive() or self._reader.is_alive())

    def _close_stream(self) -> None:
        self._reader.join(_CLOSE_S / 2)  # it ends by itself with the next block
        self._stream.abort()  # where no block comes any more, this ends the read of a sound card
        self._reader.join(_CLOSE_S / 4)
        # Never close beneath a read: libpulse ends the whole program on a failed assertion then.
        if not self._reader.is_alive():
            self._stream.close()

    def _read_on(self) -> None:
        try:
            self._read_until_stopped()
            self._ring.close()
        except Exception as exc:  # noqa: BLE001 -- a thread's edge: whatever it is, the pipeline must hear of it
            reason = " ".join(str(exc).split()) or repr(exc)
            fault = CaptureError(f"microphone {self.opened.name!r}: reading failed ({reason}); was it unplugged?")
            fault.__cause__ = exc
            self._ring.close(None if self._stopping.is_set() else fault)

    def _read_until_stopped(self) -> None:
        size = self.opened.rate_hz * _BLOCK_MS // 1000
        held: tuple[Floats, float, float] | None = None
        while not self._stopping.is_set():
            raw, overflowed = self._stream.read(size)
            utc_s, monotonic_s = time.time(), time.monotonic()
            block = np.frombuffer(raw, np.int16).reshape(-1, self.opened.n_channels)
            self._watch_for_silence(block)
            if overflowed:
                # PortAudio says so one read late: the gap may lie in the block before, which waits for this one.
                self._lose_until(monotonic_s - size / self.opened.rate_hz)
            elif held is not None:
                self._write(*held)
            held = block.mean(axis=1, dtype=np.float32) / np.float32(32768), utc_s, monotonic_s

    def _write(self, samples: Floats, utc_s: float, monotonic_s: float) -> None:
        """Resamples a block into the ring; both clocks are those of its end."""
        samples = self._resampler.push(samples)
        age_s = len(samples) / GEOMETRY.sample_rate_hz + self._resampler.delay_s
        self._ring.write(samples, utc_s - age_s, monotonic_s - age_s)

    def _lose_until(self, monotonic_s: float) -> None:
        """Counts what was lost since the newest sample, by the monotonic clock: the driver does not say how much."""
        self.n_overflows += 1
        self._resampler.restart()
        _, newest_s = self._ring.newest
        lost_s = monotonic_s - newest_s if newest_s else 0.0
        self._ring.lose(max(1, round(lost_s * GEOMETRY.sample_rate_hz)))

    def _watch_for_silence(self, block: NDArray[np.int16]) -> None:
        """One line when only one value comes any more (an unplugged microphone may give zeros), one when it ends."""
        constant = bool((block == block[0, 0]).all())
        self._constant_s = self._constant_s + len(block) / self.opened.rate_hz if constant else 0.0
        silent = self._constant_s >= self._silent_after_s
        if silent and not self.silent:
            _log.warning("microphone %r: digital silence for %g s; muted?", self.opened.name, self._silent_after_s)
        elif self.silent and not silent:
            _log.warning("microphone %r: sound again", self.opened.name)
        self.silent = silent
