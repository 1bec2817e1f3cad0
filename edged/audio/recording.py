"""A sound file to chunks, like a microphone's.

    file ──libsndfile──► block (n, channels) at its own rate ──one channel──► (n,) ──Resampler──► AudioChunk at 16 kHz

At most a second of sound is in memory, however long the file is.  Whatever libsndfile decodes is taken (wav, flac, ogg,
opus, mp3, any width, rate and number of channels).  A file that would give a wrong answer is refused with one line that
says where and why; if it goes wrong in the middle (cut off, damaged, NaN), what comes before is handed out first, then
the error is raised.  Where a format gives no length (FLAC from a pipe, MP3 without a Xing frame) a file that ends
between two frames is whole.
"""

import logging
import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soundfile
from numpy.typing import NDArray

from edged.audio.channel import best_channel, step_powers
from edged.audio.condition import Conditioner
from edged.audio.formats.container import conversion_hint, is_cut_off, promised_frames
from edged.audio.formats.mpeg import CountedMp3, counted
from edged.audio.resample import Resampler
from edged.audio.ring import AudioChunk
from edged.config.structs import Audio
from edged.contract.status import SourceStatus
from edged.errors import RecordingError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_BLOCK_S = 1.0  # length of a read when nothing paces it
_CHOSEN_BY_S = 30  # the seconds of a file by which its channel is chosen
_PACED_BLOCK_S = 0.125  # length of a chunk when it is played at a given speed
_RATES_HZ = (4_000, 384_000)  # below there is no speech left, above there is no microphone
_MAX_VALUES = 4_000_000  # samples times channels decoded at once: a header with 1024 channels must not cost memory
# Float files may go beyond full scale (a mix, or integers kept as floats).  They are kept as they are: the log-mel is
# relative to the loudest band, and clipping would add harmonics that were never spoken.  But beyond the range of 32-bit
# integers nobody's samples lie, and their power would overflow float32.
_LOUDEST = np.float32(2**31)
_FULL_SCALE = np.float32(32767 / 32768)  # the end of the range of 16 bits, which most files have
_AUDIO = Audio()  # all defaults
_log = logging.getLogger(__name__)
_LARGEST_HEADER = 4096  # bytes; what is longer and empty has a wrong header
_EXPECTED = "expected wav, flac, ogg, opus or mp3"


class Recording:
    """A source of samples from one file; ``with`` opens and closes it.

    ``speed`` None is as fast as they are asked for, 1 is real time; ``audio`` has channel, gain and filters.  ``name``
    stands for a path that says nothing to people.
    """

    def __init__(
        self, path: Path | str, *, speed: float | None = None, audio: Audio = _AUDIO, name: str | None = None
    ) -> None:
        if speed is not None and not speed > 0:
            raise ValueError(f"speed {speed} is not positive")
        self.path = Path(path)
        # As text that a payload can hold: a name on the disk is any bytes.
        self.name = name or os.fsencode(path).decode(errors="replace")
        self._shown = name or str(self.path)
        self.ended = False
        self._sample_rate_hz = 0  # of the file, before resampling
        self._n_clipped = 0  # samples at full scale
        self._channel = 0
        self._conditioner = Conditioner(
            gain_db=audio.gain_db, highpass_hz=audio.highpass_hz, remove_hum=audio.remove_hum
        )
        self._wanted = audio.channel
        self._speed = speed
        self._stopped = threading.Event()
        self._whole: CountedMp3 | None = None  # what libsndfile reads in place of an MP3 file without a length
        self._waiting: AudioChunk | None = None  # decoded, but not due yet

    def __enter__(self) -> Self:
        """Opens the file.

        Raises:
            RecordingError: it cannot be read, or is no sound that libsndfile knows.
        """
        self._refuse_what_is_no_file()
        try:
            self._file = soundfile.SoundFile(os.fsencode(self.path))
        except soundfile.LibsndfileError as exc:
            raise self._error(self._not_decoded(_reason(exc))) from exc
        except TypeError as exc:  # soundfile asks for the rate of a file named .raw
            raise self._error(f"samples without a header have no known rate; {_EXPECTED}") from exc
        # soundfile seeks after each read to where it is already.  In an mp3 that restarts the decoder without
        # the bits that frames share, and the first tenth of a second of every block comes out wrong.
        self._file.seekable = lambda: False
        self._sample_rate_hz = int(self._file.samplerate)
        if not _RATES_HZ[0] <= self._sample_rate_hz <= _RATES_HZ[1]:
            self._file.close()
            raise self._error(f"sample rate {self._sample_rate_hz} Hz; expected {_RATES_HZ[0]} to {_RATES_HZ[1]} Hz")
        try:
            # Now: the file may be deleted while it plays.
            self._cut_off = is_cut_off(self.path, self._file.format)
            self._promised = promised_frames(self.path, self._file.format, self._file.frames)
            if self._file.format == "MP3" and self._promised is None:
                self._count_frames()
        except OSError as exc:
            self._close()
            raise self._error(f"cannot be read ({exc.strerror}); expected a file that stays") from exc
        self._channel = self._chosen_channel()
        # It starts to play now: the clocks are read once, and samples are counted from there.
        self._began_utc_s, self._began_s = time.time(), time.monotonic()
        self._coming = self._chunks()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Closes the file."""
        self._close()

    @property
    def status(self) -> SourceStatus:
        """A snapshot: a file is readable or refused, and loses no samples."""
        return SourceStatus(
            name=self.name,
            ended=self.ended,
            sample_rate_hz=self._sample_rate_hz,
            channel=self._channel + 1,
            n_channels=self._file.channels,
            n_clipped=self._n_clipped,
        )

    @property
    def duration_s(self) -> float | None:
        """The length that the header promises, in seconds; None if it promises none."""
        return None if self._promised is None else self._promised / self._sample_rate_hz

    def stop(self) -> None:
        """Ends the recording early, also from another thread or a signal: a read that waits returns at once."""
        self._stopped.set()

    def mute(self, muted: bool) -> None:  # noqa: FBT001 -- as the microphone's
        """Nothing: a file has no microphone to close."""

    def read(self, timeout_s: float) -> AudioChunk | None:
        """The next second or so; None when it is not due within ``timeout_s``, or at the end (``ended``).

        Raises:
            RecordingError: no samples, samples that are no sound, a file cut off; what came before was handed out.
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

    def _close(self) -> None:
        self._file.close()
        if self._whole is not None:
            self._whole.close()

    def _chosen_channel(self) -> int:
        """Index of the channel that is read, one for the whole file: the config's, or the one with speech.

        Raises:
            RecordingError: the file has several channels, but not the config's.
        """
        n_channels, wanted = self._file.channels, self._wanted
        if n_channels == 1:
            return 0
        if wanted == "auto":
            chosen = best_channel(self._beginning_powers())
            _log.info("%s: channel %d of %d has the speech", self._shown, chosen + 1, n_channels)
            return chosen
        if wanted > n_channels:
            self._close()
            raise self._error(f"has {n_channels} channels; expected audio.channel to be one of them")
        return wanted - 1

    def _beginning_powers(self) -> NDArray[np.float64]:
        """(k, channels) of the file's first half minute; what cannot be decoded is left for the reading to report."""
        found = [np.zeros((0, self._file.channels))]
        most = max(1, min(self._sample_rate_hz, _MAX_VALUES // self._file.channels))
        try:
            with soundfile.SoundFile(os.fsencode(self.path)) as file:
                file.seekable = lambda: False
                while len(found) <= _CHOSEN_BY_S and len(block := file.read(most, dtype="float32", always_2d=True)):
                    found.append(step_powers(block, self._sample_rate_hz))
        except soundfile.LibsndfileError:
            pass
        return np.concatenate(found)

    def _count_frames(self) -> None:
        """Opens an MP3 file again, with its frames counted, where libsndfile would stop before its end."""
        self._whole = counted(self.path, self._file.frames)
        if self._whole is not None:
            self._file.close()
            self._file = soundfile.SoundFile(self._whole)
            self._file.seekable = lambda: False

    def _not_decoded(self, reason: str) -> str:
        """Why the file cannot be decoded, and the command that may turn it into one that can be."""
        kind, command = conversion_hint(self.path)
        if kind:
            return f"cannot be decoded, it is {kind}; convert it first: {self._of_stdin(command)}"
        return f"cannot be decoded ({reason}); {_EXPECTED}" + (
            f", or try: {self._of_stdin(command)}" if command else ""
        )

    def _conversion(self) -> str:
        """The command for a file whose header says that it is empty and whose size says that it is not.

        A writer to a pipe leaves the lengths of RF64 at 0, and libsndfile believes them.
        """
        _, command = conversion_hint(self.path)
        holds_more = self.path.stat().st_size > _LARGEST_HEADER
        return f", or try: {self._of_stdin(command)}" if command and holds_more else ""

    def _of_stdin(self, command: str) -> str:
        return command if self._shown == str(self.path) else "ffmpeg -i - -f wav -"

    def _refuse_what_is_no_file(self) -> None:
        try:
            mode = self.path.stat().st_mode
            if stat.S_ISDIR(mode):
                raise self._error("is a directory; expected a sound file")
            if not stat.S_ISREG(mode):  # opening a pipe would wait for its writer
                raise self._error("is not a regular file; expected a sound file")
            with self.path.open("rb") as file:
                if not file.read(1):
                    raise self._error(f"is empty (0 bytes); {_EXPECTED}")
        except FileNotFoundError as exc:
            raise self._error(f"no such file; {_EXPECTED}") from exc
        except OSError as exc:
            raise self._error(f"cannot be read ({exc.strerror}); expected a file that this user may read") from exc
        except ValueError as exc:  # a NUL byte in the name
            raise self._error(f"cannot be a file ({exc}); {_EXPECTED}") from exc

    def _blocks(self) -> Iterator[Floats]:
        """(n,) one channel, decoded, at the file's rate, up to its end or its first fault."""
        block_s = _BLOCK_S if self._speed is None else min(_BLOCK_S, _PACED_BLOCK_S * self._speed)
        most = max(1, min(round(self._sample_rate_hz * block_s), _MAX_VALUES // self._file.channels))
        n_decoded, promised = 0, self._promised
        rest = "expected as much sound as the file says it holds"
        length = rest if promised is None else f"expected {promised / self._sample_rate_hz:.1f} s as its header says"
        while True:
            end_s = n_decoded / self._sample_rate_hz
            try:
                block: Floats = self._file.read(most, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as exc:
                raise self._error(f"damaged or cut off after {end_s:.1f} s ({_reason(exc)}); {length}") from exc
            if not len(block):
                break
            n_decoded += len(block)
            wrong = ~(np.abs(block) <= _LOUDEST).all(axis=1)  # written so that NaN is wrong too
            first_wrong = int(wrong.argmax()) if wrong.any() else len(block)
            if first_wrong:
                self._n_clipped += int(np.count_nonzero(np.abs(block[:first_wrong]) >= _FULL_SCALE))
                yield np.ascontiguousarray(block[:first_wrong, self._channel])
            if first_wrong < len(block):
                value = next(value for value in block[first_wrong] if not abs(value) <= _LOUDEST)
                where_s = end_s + first_wrong / self._sample_rate_hz
                raise self._error(f"a sample of {value:g} at {where_s:.3f} s; expected finite numbers, full scale is 1")
        if n_decoded < (promised or 0) or (n_decoded and self._cut_off):
            promise = length if n_decoded < (promised or 0) else rest
            raise self._error(f"cut off after {n_decoded / self._sample_rate_hz:.1f} s; {promise}")
        if not n_decoded:
            raise self._error("holds no samples; expected some sound" + self._conversion())

    def _chunks(self) -> Iterator[AudioChunk]:
        resampler = Resampler(self._sample_rate_hz)
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

    def _error(self, fault: str) -> RecordingError:
        return RecordingError(f"{self._shown}: {fault}")


def _reason(exc: soundfile.LibsndfileError) -> str:
    return str(exc.error_string).strip().rstrip(".") or "no reason given"
