"""An open driver stream to the ring, from its first block to its end.

    driver ──read──► block (n, channels) int16 ──mean──► (n,) float32 ──Resampler──► Ring at 16 kHz

The reader thread resamples and writes to the ring, nothing else, so that it is back at the driver in time.  Blocks are
short while the pipeline waits for their samples and longer before that, because each read wakes a processor.  When a
device is opened again, the gap since the last sound is as long as the monotonic clock says.
"""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edged.audio.channel import ChannelChooser
from edged.audio.resample import Resampler
from edged.audio.ring import Ring
from edged.errors import CaptureError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

STALLED_S = 2.0  # no sample for this long is a fault of the driver
_BLOCK_MS, _MAX_BLOCK_MS = 32, 124  # length of one read; half of what the driver keeps at most
_LAST_BLOCK_MS = 8  # length of the read that shows that no sound was lost before it; a complete window waits for it
_FULL_SCALE = np.iinfo(np.int16)

_log = logging.getLogger(__name__)


class DriverStream(Protocol):
    """The part of ``sounddevice.RawInputStream`` that is used: blocking reads of interleaved int16."""

    def start(self) -> object:
        """Starts the sound; called before the stream is handed to a ``Capture``."""

    def read(self, frames: int, /) -> tuple[Any, bool]:
        """A buffer of int16 for each channel, as many as asked for, and whether samples were lost before them."""

    def abort(self) -> object:
        """Stops the driver and discards the sound that it still has."""

    def close(self) -> object:
        """Releases the device."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open device, at the rate and width that it accepted."""

    name: str
    stream: DriverStream
    rate_hz: int
    n_channels: int


@dataclass(slots=True)
class Counts:
    """Counts over all openings; written by the reader thread alone."""

    n_overflows: int = 0  # times that the driver lost samples
    n_recoveries: int = 0  # times that sound came back from a lost device
    n_clipped: int = 0  # samples at the end of the converter's range


class Capture:
    """One opening of a device: read until it is asked to stop or the driver fails, then closed."""

    def __init__(  # noqa: PLR0913 -- what one opening is made of
        self,
        opened: Opened,
        ring: Ring,
        counts: Counts,
        *,
        silent_after_s: float,
        chooser: ChannelChooser | None = None,
        unmuted: bool = False,
    ) -> None:
        """``unmuted``: the device was closed on purpose, so the return of sound is no recovery."""
        self.opened = opened
        self.sound_since_s: float | None = None  # the monotonic clock at the first block; None until it came
        self.silent = False  # one value without change for silent_after_s
        self.chooser = chooser or ChannelChooser(opened.n_channels)
        self._stream = opened.stream
        self._ring = ring
        self._counts = counts
        self._resampler = Resampler(opened.rate_hz)
        self._silent_after_s = silent_after_s
        self._unmuted = unmuted
        self._constant_s = 0.0
        self._waited_for = False  # the pipeline waited for samples of the previous read
        self._ending = threading.Lock()
        self._closed = False

    def read_until(self, stopping: threading.Event) -> None:
        """Reads into the ring until ``stopping`` is set, then closes the stream; the calling thread is the reader.

        Raises:
            CaptureError: the driver failed; the stream is closed all the same.
        """
        try:
            self._read_on(stopping)
        except Exception as exc:
            if not stopping.is_set():
                reason = " ".join(str(exc).split()) or repr(exc)
                raise CaptureError(
                    f"microphone {self.opened.name!r}: reading failed ({reason}); was it unplugged?"
                ) from exc
        finally:
            # Never during a read or an abort: libpulse would end the whole program by a failed assertion.
            with self._ending:
                self._closed = True
                self._stream.close()

    def abort(self) -> None:
        """Ends a waiting read, from another thread; if the driver hangs, that thread hangs too."""
        with self._ending:
            if not self._closed:
                self._stream.abort()

    def abort_apart(self) -> None:
        """Calls ``abort`` on a thread that can be left behind, since the call can hang like the read."""
        threading.Thread(target=self.abort, name="edged-microphone-abort", daemon=True).start()

    def _read_on(self, stopping: threading.Event) -> None:
        held: tuple[Floats, float, float] | None = None
        stale = False  # the driver still hands over what it kept while nobody could read
        lost = self._ring.newest[0] > 0  # samples before the next block, which count as elapsed time
        while not stopping.is_set():
            size = self._block_size(held)
            block_s = size / self.opened.rate_hz
            asked_s = time.monotonic()
            raw, overflowed = self._stream.read(size)
            if stopping.is_set():
                return
            utc_s, monotonic_s = time.time(), time.monotonic()
            block = np.frombuffer(raw, np.int16).reshape(-1, self.opened.n_channels)
            self._watch(block, monotonic_s)
            self._counts.n_overflows += overflowed
            waited_s = monotonic_s - asked_s
            if waited_s >= STALLED_S:  # the driver stood still, or this program did
                stale = True
            if stale and (waited_s >= STALLED_S or waited_s < block_s / 2):
                if held is not None:
                    self._write(*held)
                held, lost = None, True
                continue
            stale = False
            if overflowed:
                # PortAudio reports it one read late: the gap may lie in the held block, which is therefore dropped.
                held, lost = None, True
            if held is not None:
                self._write(*held)
            if lost:
                self._lose_until(monotonic_s - block_s)
            held, lost = (self._one_channel(block), utc_s, monotonic_s), False

    def _block_size(self, held: tuple[Floats, float, float] | None) -> int:
        """Samples to read next: as many as the pipeline waits for, within limits, less those that are held back.

        Once it has all of them, one short block shows that nothing was lost before it.
        """
        rate_hz = self.opened.rate_hz
        wanted = self._ring.lacking * rate_hz // GEOMETRY.sample_rate_hz - (0 if held is None else len(held[0]))
        waited_for, self._waited_for = self._waited_for, wanted > 0
        if wanted <= 0:
            return rate_hz * (_LAST_BLOCK_MS if waited_for else _BLOCK_MS) // 1000
        return max(rate_hz * _BLOCK_MS // 1000, min(wanted, rate_hz * _MAX_BLOCK_MS // 1000))

    def _one_channel(self, block: NDArray[np.int16]) -> Floats:
        """(n,) of ``block`` (n, channels); a change of channel is a gap, since the sound does not continue."""
        if self.chooser.changed(block, self.opened.rate_hz):
            self._say_channel()
            self._resampler.restart()
            self._ring.interrupt()
        return np.asarray(block[:, self.chooser.index] / np.float32(32768), np.float32)

    def _say_channel(self) -> None:
        chosen, found = self.chooser.index, self.chooser.prominence_db
        _log.info(
            "microphone %r: channel %d of %d has the speech, %.0f dB over its noise (before: %.0f dB)",
            self.opened.name,
            chosen + 1,
            self.opened.n_channels,
            found[chosen],
            min(found),
        )

    def _write(self, samples: Floats, utc_s: float, monotonic_s: float) -> None:
        """Resamples a block into the ring; both clocks are those of its end."""
        samples = self._resampler.push(samples)
        age_s = len(samples) / GEOMETRY.sample_rate_hz + self._resampler.delay_s
        self._ring.write(samples, utc_s - age_s, monotonic_s - age_s)

    def _lose_until(self, monotonic_s: float) -> None:
        """Counts what was lost since the newest sample, by the monotonic clock: the driver does not report how much."""
        self._resampler.restart()
        _, newest_s = self._ring.newest
        lost_s = monotonic_s - newest_s if newest_s else 0.0
        self._ring.lose(max(1, round(lost_s * GEOMETRY.sample_rate_hz)))

    def _watch(self, block: NDArray[np.int16], monotonic_s: float) -> None:
        """Notes the first sound, a constant value, and samples at the end of the converter's range."""
        if self.sound_since_s is None:
            self.sound_since_s = monotonic_s
            self._counts.n_recoveries += self._ring.newest[0] > 0 and not self._unmuted
        lowest, highest = block.min(), block.max()
        constant = bool(lowest == highest)
        self._constant_s = self._constant_s + len(block) / self.opened.rate_hz if constant else 0.0
        self.silent = self._constant_s >= self._silent_after_s
        if not constant and (highest == _FULL_SCALE.max or lowest == _FULL_SCALE.min):
            clipped = (block == _FULL_SCALE.max) | (block == _FULL_SCALE.min)
            self._counts.n_clipped += int(np.count_nonzero(clipped))
