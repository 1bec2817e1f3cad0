"""A sound file to chunks, like a microphone's.

    SoundFile ──► block (n, channels) at its own rate ──one channel──► (n,) ──Resampler──► AudioChunk at 16 kHz

At most a second of sound is in memory.  If the file goes wrong in the middle, what comes before is handed out first,
then the error is raised.
"""

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edged.audio.channel import best_channel, step_powers
from edged.audio.condition import conditioner_for
from edged.audio.resample import Resampler
from edged.audio.ring import AudioChunk
from edged.audio.sound_file import SoundFile, text_of
from edged.config.structs import Audio
from edged.contract.status import SourceStatus
from edged.errors import RecordingError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_BLOCK_S = 1.0  # length of a read when nothing paces it
_CHOSEN_BY_S = 30  # the channel of a file is chosen by its first seconds
_PACED_BLOCK_S = 0.125  # length of a chunk when it is played at a given speed
_FULL_SCALE = np.float32(32767 / 32768)  # the largest sample of 16 bits, which most files have
_AUDIO = Audio()  # all defaults
_log = logging.getLogger(__name__)


class Recording:
    """A source of samples from one file; ``with`` opens and closes it.

    ``speed`` None is as fast as possible, 1 is real time; ``audio`` has channel, gain and filters.  ``name`` is shown
    instead of a path that means nothing to people.
    """

    def __init__(
        self, path: Path | str, *, speed: float | None = None, audio: Audio = _AUDIO, name: str | None = None
    ) -> None:
        if speed is not None and not speed > 0:
            raise ValueError(f"speed {speed} is not positive")
        self.path = Path(path)
        self.name = name or text_of(path)
        self._shown = name or str(self.path)
        self.ended = False
        self._file = SoundFile(self.path, name)
        self._n_clipped = 0  # samples at full scale
        self._channel = 0
        self._conditioner = conditioner_for(audio)
        self._wanted = audio.channel
        self._speed = speed
        self._stopped = threading.Event()
        self._waiting: AudioChunk | None = None  # decoded, but not due yet

    def __enter__(self) -> Self:
        """Opens the file.

        Raises:
            RecordingError: it cannot be read, or is no sound that libsndfile knows.
        """
        self._file.__enter__()
        self._channel = self._chosen_channel()
        # Playing starts now: the clocks are read once, and samples are counted from here.
        self._began_utc_s, self._began_s = time.time(), time.monotonic()
        self._coming = self._chunks()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Closes the file."""
        self._file.close()

    @property
    def status(self) -> SourceStatus:
        """A snapshot: a file is readable or refused, and loses no samples."""
        return SourceStatus(
            name=self.name,
            ended=self.ended,
            sample_rate_hz=self._file.sample_rate_hz,
            channel=self._channel + 1,
            n_channels=self._file.n_channels,
            n_clipped=self._n_clipped,
        )

    @property
    def duration_s(self) -> float | None:
        """The length that the header promises, in seconds; None if it promises none."""
        return self._file.duration_s

    def stop(self) -> None:
        """Ends the recording early, also from another thread or a signal handler: a waiting read returns at once."""
        self._stopped.set()

    def await_count(self, count: int) -> None:
        """Does nothing: a file is read in its own blocks."""

    def mute(self, muted: bool) -> None:  # noqa: FBT001 -- as the microphone's
        """Does nothing: a file has no microphone to close."""

    def read(self, timeout_s: float) -> AudioChunk | None:
        """The next second or so; None when it is not due within ``timeout_s``, or at the end (``ended``).

        Raises:
            RecordingError: no samples, samples out of range, or a file that is cut off; earlier samples were returned.
        """
        if self._waiting is None and not self.ended:
            try:
                self._waiting = next(self._coming, None)
            except RecordingError:
                self.ended = True
                raise
        if self._waiting is None or self._stopped.is_set():
            self.ended = True
            return None
        if not self._is_due(self._waiting, timeout_s):
            return None
        chunk, self._waiting = self._waiting, None
        return self._conditioner.conditioned(chunk)

    def check(self) -> None:
        """Opens and closes the file, without decoding it: for commands that wait for something else before they play.

        Raises:
            RecordingError: as for ``with``.
        """
        with self._file:
            self._check_channel()

    def _check_channel(self) -> None:
        n_channels, wanted = self._file.n_channels, self._wanted
        if n_channels > 1 and wanted != "auto" and wanted > n_channels:
            self._file.close()
            raise self._file.error(f"has {n_channels} channels; expected audio.channel to be one of them")

    def _chosen_channel(self) -> int:
        """Index of the channel that is read, one for the whole file: the config's, or the one with speech.

        Raises:
            RecordingError: the file has several channels, but not the config's.
        """
        self._check_channel()
        n_channels, wanted = self._file.n_channels, self._wanted
        if n_channels == 1:
            return 0
        if wanted != "auto":
            return wanted - 1
        chosen = best_channel(self._beginning_powers())
        _log.info("%s: channel %d of %d has the speech", self._shown, chosen + 1, n_channels)
        return chosen

    def _beginning_powers(self) -> NDArray[np.float64]:
        """(k, channels) of the file's first half minute."""
        found = [np.zeros((0, self._file.n_channels))]
        rate_hz = self._file.sample_rate_hz
        return np.concatenate(found + [step_powers(block, rate_hz) for block in self._file.beginning(_CHOSEN_BY_S)])

    def _blocks(self) -> Iterator[Floats]:
        """(n,) one channel, decoded, at the file's rate, up to its end or its first fault."""
        block_s = _BLOCK_S if self._speed is None else min(_BLOCK_S, _PACED_BLOCK_S * self._speed)
        for block in self._file.blocks(block_s):
            self._n_clipped += int(np.count_nonzero(np.abs(block) >= _FULL_SCALE))
            yield np.ascontiguousarray(block[:, self._channel])

    def _chunks(self) -> Iterator[AudioChunk]:
        resampler = Resampler(self._file.sample_rate_hz)
        count, fault = 0, None
        blocks = self._blocks()
        while True:
            try:
                block = next(blocks, None)
            except RecordingError as exc:
                block, fault = None, exc
            samples = resampler.flush() if block is None else resampler.push(block)
            if len(samples):
                yield AudioChunk(samples, count, self._began_utc_s + count / GEOMETRY.sample_rate_hz)
                count += len(samples)
            if block is None:
                break
        if fault is not None:
            raise fault

    def _is_due(self, chunk: AudioChunk, timeout_s: float) -> bool:
        """Waits until the chunk has played to its end, at most ``timeout_s``."""
        if self._speed is None:
            return True
        played_s = (chunk.start + len(chunk.samples)) / GEOMETRY.sample_rate_hz / self._speed
        wait_s = self._began_s + played_s - time.monotonic()
        if self._stopped.wait(max(0.0, min(wait_s, timeout_s))):
            self.ended = True
            return False
        return wait_s <= timeout_s
