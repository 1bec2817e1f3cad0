"""What kind of sound file begins with these bytes.

first bytes ──signature──► wav, flac, ogg or mp3, or None and the sentence that refuses the file; nothing is decoded

A name says nothing: it comes from the client.  Opus comes in ogg.  Of the formats that are read these are the ones
that a browser plays, for recordings that are kept with their report.
"""

from edged.audio.formats.foreign import format_name, not_sound
from edged.audio.formats.names import PLAYED

N_BYTES = 12  # that a signature needs

_SYNC, _SYNC_MASK = 0xFFE0, 0xFFE0  # the first 11 bits of a frame of MPEG audio
_NO_LAYER = 0x0006  # mask of the layer; 0 is reserved, and AAC's frames have it
_MEDIA = {"wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg", "mp3": "audio/mpeg"}
CONVERSION = "ffmpeg -i RECORDING call.wav"  # the page does not know where the recording lies


def sound_type(first: bytes) -> str | None:
    """The usual suffix of such files without a dot; None for anything else."""
    if first[:4] in {b"RIFF", b"RIFX", b"RF64"} and first[8:12] == b"WAVE":
        return "wav"
    if first[:4] == b"fLaC":
        return "flac"
    if first[:4] == b"OggS":
        return "ogg"
    word = int.from_bytes(first[:2], "big")
    if first[:3] == b"ID3" or (word & _SYNC_MASK == _SYNC and word & _NO_LAYER):
        return "mp3"
    return None


def refusal(name: str, first: bytes) -> str:
    """Why a file ``name`` without a ``sound_type`` is not taken, and how to convert one that holds sound."""
    named = format_name(first)
    if named:
        return f"{name} is {named}. Convert it first: {CONVERSION}"
    foreign = not_sound(first)
    return f"{name} is {foreign + ', ' if foreign else ''}not a {PLAYED} file."


def media_type(suffix: str) -> str:
    """The media type of a file that has ``sound_type`` ``suffix``."""
    return _MEDIA[suffix]
