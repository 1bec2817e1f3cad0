"""Whether a sound file is several recordings joined end to end, of which libsndfile would read the first alone.

    path, format ──MP3: frame headers; Ogg: first pages; others: the bytes that a file begins with──► is_joined

`cat a b > c` makes such files, and a radio that records a stream of songs.  Their sample rates and channels may differ.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from edged.audio.formats import mpeg

_PIECE = 2**20  # bytes read at once
_OGG_HEADER, _FIRST = 27, 2  # bytes of a page before the lengths of its segments; flag of a stream's first page
# The bytes that each file of a format has once, near its start, long enough that samples do not have them by chance.
_MARKS: dict[str, Sequence[bytes]] = {
    "FLAC": (b"fLaC\0\0\0\x22", b"fLaC\x80\0\0\x22"),
    "RF64": (b"WAVEds64", b"WAVEfmt "),
    "AU": (b".snd\0\0\0",),
    "CAF": (b"caff\0\1\0\0desc",),
    "NIST": (b"NIST_1A\n   1024\n",),
    "VOC": (b"Creative Voice File\x1a",),
    "W64": (bytes.fromhex("726966662e91cf11a5d628db04c10000"),),
    "WAV": (b"WAVEfmt ",),  # only where the header has no length: else libsndfile refuses the second header
}
_READ_BY_FFMPEG = ("MP3", "OGG", "FLAC")  # to their end


def is_joined(path: Path, form: str) -> bool:
    """Whether another recording follows the first in the file, which libsndfile calls ``form``.

    Raises:
        OSError: the file cannot be read.
    """
    if form == "MP3":
        return mpeg.is_joined(path)
    with path.open("rb") as file:
        if form == "OGG":
            return _begins_again(file)
        if form in {"WAV", "WAVEX"} and not _is_streamed(file.read(8)):
            return False
        return _has_two(file, _MARKS.get(form.removesuffix("EX"), ()))


def reads_all(form: str) -> bool:
    """Whether ffmpeg reads all recordings of such a file."""
    return form in _READ_BY_FFMPEG


def _begins_again(file: BinaryIO) -> bool:
    """Whether a stream of an Ogg file begins behind the pages of another (RFC 3533, 4: chaining)."""
    at, has_begun = 0, False
    while True:
        file.seek(at)
        header = file.read(_OGG_HEADER)
        if len(header) < _OGG_HEADER or not header.startswith(b"OggS"):
            return False
        is_first = bool(header[5] & _FIRST)
        if is_first and has_begun:
            return True
        has_begun = has_begun or not is_first
        at += _OGG_HEADER + header[26] + sum(file.read(header[26]))


def _is_streamed(start: bytes) -> bool:
    """Whether the length in a RIFF header is a placeholder: its writer could not seek."""
    return start[4:8] in {bytes(4), b"\xff" * 4}


def _has_two(file: BinaryIO, marks: Sequence[bytes]) -> bool:
    """Whether the rest of ``file`` has two of ``marks``."""
    longest = max(map(len, marks), default=0)
    n_found, rest = 0, b""
    while longest and (piece := file.read(_PIECE)):
        searched = rest + piece
        n_found += sum(map(searched.count, marks))
        if n_found > 1:
            return True
        rest = searched[1 - longest :]
    return False
