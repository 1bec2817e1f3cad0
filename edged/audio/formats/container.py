"""What a sound file's bytes tell that libsndfile does not: the length that it promises.

    path, format, frames that libsndfile reports ──► promised_frames: n, or None
    path, format ──► is_cut_off: the container announces more bytes than the file has
    path ──► is_gsm: a file without a header holds frames of GSM 6.10

libsndfile's frame count may be exact, an estimate, or 2^63 - 1.  A writer to a pipe cannot seek back to fill in the
length, so it leaves 0 or the largest number there: such a file is complete.  A file is certainly cut off only if its
format has a length that was filled in: RIFF, RIFX, RF64, W64, FORM (AIFF) and AU headers, the STREAMINFO of
FLAC, the Xing, Info or VBRI frame of MP3.  Ogg marks its last page instead.
"""

from pathlib import Path
from typing import BinaryIO, Literal

from edged.audio.formats.mpeg import has_frame_count

_UNKNOWN = 2**62  # from here up no count is real: for a FLAC stream of unknown length it is 2^63 - 1
_STREAMED = 0x7FFF_0000  # 32-bit lengths from here up (and 0) are placeholders of a writer that could not seek
_SLACK = 64  # bytes by which writers are known to miscount the length in a header
_OGG_PAGE = 65_307  # bytes of the largest Ogg page (RFC 3533)
_OGG_HEADER = 27  # bytes of a page before the lengths of its segments
_GSM_FRAME, _GSM_FRAMES, _GSM_MARK = 33, 25, 0xD  # bytes of 20 ms; frames looked at; first 4 bits of each


def promised_frames(path: Path, form: str, frames: int) -> int | None:
    """How many frames the header promises, given the ``frames`` that libsndfile reports; None if it promises none."""
    if frames >= _UNKNOWN:
        return None
    if form == "MP3":  # else libsndfile's estimate from the size of the file and the first bit rate
        return frames if has_frame_count(path) else None
    return frames


def is_cut_off(path: Path, form: str) -> bool:
    """Whether the container announces more bytes than the file has: libsndfile decodes the rest without warning."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if form == "OGG":
            return _lacks_last_page(file, size)
        announced = _announced_size(file.read(28), form)
        return announced is not None and announced > size + _SLACK


def is_gsm(path: Path) -> bool:
    """Whether a file without a header holds frames of GSM 6.10, as telephone systems record: each has a mark.

    libsndfile goes by the name there, and would play any bytes named .gsm, .vox or .au.
    """
    with path.open("rb") as file:
        start = file.read(_GSM_FRAME * _GSM_FRAMES)
    return len(start) >= _GSM_FRAME and all(byte >> 4 == _GSM_MARK for byte in start[::_GSM_FRAME])


def _announced_size(header: bytes, form: str) -> int | None:
    """Bytes of the whole file as its header has it; None where it has no length or a placeholder."""
    big: Literal["big"] = "big"
    little: Literal["little"] = "little"
    match form, header[:4]:
        case "WAV" | "WAVEX" | "AIFF", b"RIFF" | b"RIFX" | b"FORM":
            length = int.from_bytes(header[4:8], little if header[:4] == b"RIFF" else big)
            return length + 8 if 0 < length < _STREAMED else None
        case "RF64", b"RF64" if header[12:16] == b"ds64":
            length = int.from_bytes(header[20:28], little)
            return length + 8 if 0 < length < _UNKNOWN else None
        case "W64", _:  # a GUID of 16 bytes, then the size of everything
            length = int.from_bytes(header[16:24], little)
            return length if 0 < length < _UNKNOWN else None
        case "AU", b".snd" | b"dns.":
            order = big if header[:4] == b".snd" else little
            length = int.from_bytes(header[8:12], order)
            return int.from_bytes(header[4:8], order) + length if 0 < length < _STREAMED else None
    return None


def _lacks_last_page(file: BinaryIO, size: int) -> bool:
    """Whether an Ogg file ends before the page that is flagged as the last."""
    file.seek(max(0, size - _OGG_PAGE))
    end = file.read()
    page = end[max(0, end.rfind(b"OggS")) :]
    # RFC 3533: byte 5 flags the last page, byte 26 counts the segment lengths that follow, which add up to the rest.
    if len(page) < _OGG_HEADER:
        return True
    header = _OGG_HEADER + page[26]
    return len(page) < header + sum(page[_OGG_HEADER:header]) or not page[5] & 4
