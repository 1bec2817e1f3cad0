"""A sound file decoded by libsndfile: blocks of all its channels, up to its end or its first fault.

    path ──open──► rate, channels, promised length ──blocks──► (n, n_channels) float32, full scale 1, or RecordingError

At most a block of sound is in memory, however long the file is.  Whatever libsndfile decodes is taken (the formats of
``names``, any width, rate and number of channels).  A file that would give a wrong answer is refused with one line that
says where and why; if it goes wrong in the middle (cut off, damaged, NaN), the sound before that is returned first,
then the error is raised.  If a format gives no length (FLAC from a pipe, MP3 without a Xing frame), a file that ends
between two frames is complete.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soundfile

from edged.audio.formats.container import is_cut_off, is_gsm, promised_frames
from edged.audio.formats.foreign import beginning, conversion_command, conversion_hint, header_fault, not_sound
from edged.audio.formats.joined import is_joined, reads_all
from edged.audio.formats.mpeg import CountedMp3, counted, shortest_s
from edged.audio.formats.names import READ
from edged.audio.formats.quiet import quiet
from edged.errors import RecordingError
from edged.features.logmel import Floats

MAX_VALUES = 4_000_000  # samples times channels decoded at once: a header with 1024 channels must not cost memory
_BLOCK_S = 1.0  # default length of a block
_RATES_HZ = (4_000, 384_000)  # below there is no speech left, above there is no microphone
# Float files may go beyond full scale (a mix, or integers kept as floats).  They are kept as they are: the log-mel is
# relative to the loudest band, and clipping would add harmonics that were never spoken.  But no real samples exceed the
# range of 32-bit integers, and their power would overflow float32.
_LOUDEST = np.float32(2**31)
_LARGEST_HEADER = 4096  # bytes; a longer file without samples has a wrong header
_EXPECTED = f"expected {READ}"
_NO_RATE = f"samples without a header have no known rate; {_EXPECTED}"
_SYSTEM_ERROR = 2  # libsndfile's number for what the operating system refuses


class SoundFile:
    """One file; ``with`` opens and closes it.  ``shown`` is shown instead of a path that means nothing to people."""

    def __init__(self, path: Path, shown: str | None = None) -> None:
        self.path = path
        self._shown = shown or str(path)
        self.sample_rate_hz = 0
        self.n_channels = 0
        self._whole: CountedMp3 | None = None  # what libsndfile reads in place of an MP3 file without a length

    def __enter__(self) -> Self:
        """Opens the file.

        Raises:
            RecordingError: it cannot be read, or is no sound that libsndfile knows.
        """
        self._refuse_what_is_no_file()
        try:
            with quiet():
                self._file = soundfile.SoundFile(os.fsencode(self.path))
        except soundfile.LibsndfileError as exc:
            raise self.error(self._not_decoded(exc)) from exc
        except TypeError as exc:  # soundfile asks for the rate of a file named .raw
            raise self.error(_NO_RATE) from exc
        _read_on(self._file)
        self.sample_rate_hz, self.n_channels = int(self._file.samplerate), int(self._file.channels)
        if not _RATES_HZ[0] <= self.sample_rate_hz <= _RATES_HZ[1]:
            self._file.close()
            raise self.error(f"sample rate {self.sample_rate_hz} Hz; expected {_RATES_HZ[0]} to {_RATES_HZ[1]} Hz")
        try:
            if self._file.format == "RAW" and not is_gsm(self.path):
                raise self.error(_NO_RATE)
            if is_joined(self.path, self._file.format):
                raise self.error(self._several())
            # Now: the file may be deleted while it plays.
            self._shortest_s = shortest_s(self.path) if self._file.format == "MP3" else 0.0
            self._cut_off = is_cut_off(self.path, self._file.format)
            self._promised = promised_frames(self.path, self._file.format, self._file.frames)
            if self._file.format == "MP3" and self._promised is None:
                self._count_frames()
        except RecordingError:
            self.close()
            raise
        except OSError as exc:
            self.close()
            raise self.error(f"cannot be read ({exc.strerror}); expected a file that stays") from exc
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Closes the file."""
        self.close()

    @property
    def duration_s(self) -> float | None:
        """The length that the header promises, in seconds; None if it promises none."""
        return None if self._promised is None else self._promised / self.sample_rate_hz

    def close(self) -> None:
        """Closes the file; may be called twice."""
        self._file.close()
        if self._whole is not None:
            self._whole.close()

    def blocks(self, block_s: float = _BLOCK_S) -> Iterator[Floats]:
        """(n, n_channels) float32 at the file's rate, each of at most ``block_s`` seconds.

        Raises:
            RecordingError: no samples, samples out of range, or a file that is cut off; earlier samples were returned.
        """
        most = max(1, min(round(self.sample_rate_hz * block_s), MAX_VALUES // self.n_channels))
        n_decoded = 0
        while True:
            end_s = n_decoded / self.sample_rate_hz
            try:
                with quiet() if self._file.format == "MP3" else nullcontext():
                    block: Floats = self._file.read(most, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as exc:
                kind = "the disk cannot read it" if exc.code == _SYSTEM_ERROR else "damaged or cut off"
                raise self.error(self._ended(kind, n_decoded)) from exc
            if not len(block):
                break
            n_decoded += len(block)
            if block.max() <= _LOUDEST and block.min() >= -_LOUDEST:  # takes a tenth of the time of the check below
                yield block
                continue
            wrong = ~(np.abs(block) <= _LOUDEST).all(axis=1)  # written so that NaN is wrong too
            first_wrong = int(wrong.argmax()) if wrong.any() else len(block)
            if first_wrong:
                yield block[:first_wrong]
            if first_wrong < len(block):
                value = next(value for value in block[first_wrong] if not abs(value) <= _LOUDEST)
                where_s = end_s + first_wrong / self.sample_rate_hz
                raise self.error(f"a sample of {value:g} at {where_s:.3f} s; expected finite numbers, full scale is 1")
        if n_decoded < (self._promised or 0) or (n_decoded and self._cut_off):
            raise self.error(self._ended("cut off" if self._cut_off else "damaged or cut off", n_decoded))
        if 0 < n_decoded / self.sample_rate_hz < self._shortest_s:
            fault = f"only {n_decoded / self.sample_rate_hz:.3g} s of sound"
            raise self.error(f"{fault}, it is damaged or no mp3; expected {self._shortest_s:.3g} s or more by its size")
        if not n_decoded:
            raise self.error("holds no samples; expected some sound" + self._conversion())

    def beginning(self, seconds: int) -> Iterator[Floats]:
        """(n, n_channels) blocks of the file's first ``seconds``; what cannot be decoded is left to ``blocks``."""
        most = max(1, min(self.sample_rate_hz, MAX_VALUES // self.n_channels))
        try:
            with soundfile.SoundFile(os.fsencode(self.path)) as file:
                _read_on(file)
                for _ in range(seconds):
                    block: Floats = file.read(most, dtype="float32", always_2d=True)
                    if not len(block):
                        break
                    yield block
        except soundfile.LibsndfileError:
            pass

    def error(self, fault: str) -> RecordingError:
        """An error about this file."""
        return RecordingError(f"{self._shown}: {fault}")

    def _ended(self, kind: str, n_decoded: int) -> str:
        """That the sound ends too early, with digits enough that its length differs from the promised one."""
        decoded_s = n_decoded / self.sample_rate_hz
        if self.duration_s is None or n_decoded >= (self._promised or 0):
            return f"{kind} after {decoded_s:.1f} s; expected as much sound as the file says it holds"
        n_digits = next((n for n in (1, 2) if f"{decoded_s:.{n}f}" != f"{self.duration_s:.{n}f}"), 3)
        return f"{kind} after {decoded_s:.{n_digits}f} s; expected {self.duration_s:.{n_digits}f} s as its header says"

    def _count_frames(self) -> None:
        """Opens an MP3 file again, with its frames counted, if libsndfile would stop before its end."""
        self._whole = counted(self.path, self._file.frames)
        if self._whole is not None:
            self._file.close()
            self._file = soundfile.SoundFile(self._whole)
            _read_on(self._file)

    def _not_decoded(self, exc: soundfile.LibsndfileError) -> str:
        """Why the file cannot be decoded, and the command that may turn it into one that can be."""
        if exc.code == _SYSTEM_ERROR:
            return "cannot be opened; expected a file that this user may read"
        kind, command = conversion_hint(self.path)
        if kind:
            return f"cannot be decoded, it is {kind}; convert it first: {self._of_stdin(command)}"
        start = beginning(self.path)
        if foreign := not_sound(start):
            return f"cannot be decoded, it is {foreign}; {_EXPECTED}"
        fault = header_fault(start, str(exc.error_string))
        return f"cannot be decoded ({fault}); {_EXPECTED}" + (f", or try: {self._of_stdin(command)}" if command else "")

    def _several(self) -> str:
        """What is wrong with recordings in one file, and the command that reads them all."""
        command = f", or try: {self._of_stdin(conversion_command(self.path))}" if reads_all(self._file.format) else ""
        return f"is several recordings joined, expected one{command}"

    def _conversion(self) -> str:
        """The command for a file that is empty by its header but not by its size.

        A writer to a pipe leaves the lengths in an RF64 header at 0, and libsndfile believes them.
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
                raise self.error("is a directory; expected a sound file")
            if stat.S_ISFIFO(mode):  # opening it would wait for its writer
                raise self.error("is a pipe; expected a sound file, or - with the pipe as stdin")
            if not stat.S_ISREG(mode):
                raise self.error("is not a regular file; expected a sound file")
            with self.path.open("rb") as file:
                if not file.read(1):
                    raise self.error(f"is empty (0 bytes); {_EXPECTED}")
        except FileNotFoundError as exc:
            raise self.error(f"no such file; {_EXPECTED}") from exc
        except OSError as exc:
            raise self.error(f"cannot be read ({exc.strerror}); expected a file that this user may read") from exc
        except ValueError as exc:  # a NUL byte in the name
            raise self.error(f"cannot be a file ({exc}); {_EXPECTED}") from exc


def text_of(path: Path | str) -> str:
    """``path`` as text that a payload can hold: a file name may be any bytes."""
    return str(path).encode(errors="surrogateescape").decode(errors="replace")


def _read_on(file: soundfile.SoundFile) -> None:
    """Keeps soundfile from seeking to the current position after each read.

    In an MP3 that restarts the decoder without its bit reservoir, and the first tenth of a second of every block is
    wrong.
    """
    file.seekable = lambda: False
