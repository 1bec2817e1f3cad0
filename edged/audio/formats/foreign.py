"""Why libsndfile does not open a file, in words for people.

    first bytes ──► format_name: "MPEG-4 …", which ffmpeg decodes, or not_sound: "text", "a PDF document"
    path ──► conversion_hint: "MPEG-4 …", "ffmpeg -i note.m4a note.wav"
    first bytes, libsndfile's words ──► header_fault: "its header has no channels"

libsndfile's own words are those of a programmer who opens a file by its API: "SF_INFO struct incomplete" is a sample
rate of 0 Hz.
"""

import os
import shlex
from pathlib import Path

_PREFIX = 1024  # bytes that are enough to identify each format below
_ADTS = 0xFFF0
_TS_PACKET, _TS_SYNC = 188, 0x47  # of an MPEG transport stream; bytes of a packet and the first of each
_KINDS = {
    (4, b"ftyp"): "MPEG-4 or 3GPP (mp4, m4a, mov, 3gp)",
    (4, b"moov"): "QuickTime (mov)",
    (4, b"wide"): "QuickTime (mov)",
    (4, b"mdat"): "QuickTime (mov)",
    (0, bytes.fromhex("1a45dfa3")): "Matroska (mkv, mka, webm)",
    (0, bytes.fromhex("3026b2758e66cf11")): "Windows Media (wma, wmv)",
    (8, b"AVI "): "AVI video",
    (0, b"FLV\1"): "Flash video (flv)",
    (0, bytes.fromhex("000001ba")): "MPEG video (mpg)",
    (0, b".RMF"): "RealMedia (rm)",
    (0, b"#!AMR"): "AMR audio",
    (0, b"ADIF"): "AAC audio",
    (0, b"MAC "): "Monkey's Audio (ape)",
    (0, b"wvpk"): "WavPack audio (wv)",
}
_KNOWN = {b"RIFF", b"RIFX", b"RF64", b"FORM", b"caff", b"OggS", b"fLaC", b".snd"}
_IN_OGG = {b"Speex   ": "Ogg Speex audio", b"\x7fFLAC": "Ogg FLAC audio", b"\x80theora": "Ogg video (ogv)"}
_NOT_SOUND = {
    (0, b"%PDF"): "a PDF document",
    (0, b"PK\3\4"): "a ZIP archive or an office document",
    (0, b"\x1f\x8b"): "a gzip archive",
    (0, b"7z\xbc\xaf"): "a 7z archive",
    (0, b"Rar!"): "a RAR archive",
    (0, b"\x89PNG"): "a picture (png)",
    (0, b"\xff\xd8\xff"): "a picture (jpg)",
    (0, b"GIF8"): "a picture (gif)",
    (8, b"WEBP"): "a picture (webp)",
    (0, b"MThd"): "notes without sound (MIDI)",
    (0, b"\x7fELF"): "a program",
}
_PRINTED = frozenset(range(32, 127)) | frozenset(b"\t\n\r\f\x1b") | frozenset(range(128, 256))  # bytes of texts
_SHORTEST_TEXT = 4  # bytes
_UNKNOWN_CODEC = "its codec is unknown, or its header is damaged"
# Parts of libsndfile's words, and what they are about.
_FAULTS = (
    ("File does not exist", "no mp3 frames"),  # whatever its MP3 decoder refuses; the file was opened before
    ("SF_INFO struct incomplete", "its header has no valid sample rate"),
    ("Channel count is zero", "its header has no channels"),
    ("Too many channels", "its header has too many channels"),
    ("unimplemented format", _UNKNOWN_CODEC),
    ("'fmt ' chunk", _UNKNOWN_CODEC),
)
_UNRECOGNISED = "Format not recognised"
_DAMAGED = "its header is damaged or cut off"


def conversion_hint(path: Path) -> tuple[str, str]:
    """The format of a file that libsndfile cannot decode, and the command that converts it; "" if unknown.

    A container that libsndfile knows gets a command but no name: ffmpeg may be able to read its header or codec.
    """
    start = beginning(path)
    kind = format_name(start)
    if not kind and (start[:4] not in _KNOWN or not_sound(start)):
        return "", ""
    return kind, conversion_command(path)


def conversion_command(path: Path) -> str:
    """The command that decodes whatever the file is, into a file beside it."""
    target = path.with_suffix(".wav") if path.suffix.lower() != ".wav" else path.with_name(f"{path.stem}-converted.wav")
    return f"ffmpeg -i {shlex.quote(os.fspath(path))} {shlex.quote(os.fspath(target))}"


def beginning(path: Path) -> bytes:
    """The first bytes, enough for all below; none if the file cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_PREFIX)
    except OSError:
        return b""


def format_name(start: bytes) -> str:
    """The format that begins with the bytes ``start``, if libsndfile cannot decode it; "" for any other."""
    if start.startswith(b"OggS"):
        return next((kind for mark, kind in _IN_OGG.items() if mark in start), "")
    # ADTS has no magic number: twelve bits of 1 that any frame starts with, then the layer, which is 0.
    if int.from_bytes(start[:2], "big") & 0xFFF6 == _ADTS:
        return "AAC audio"
    if len(start) > 2 * _TS_PACKET and set(start[: 3 * _TS_PACKET : _TS_PACKET]) == {_TS_SYNC}:
        return "an MPEG transport stream (ts)"
    return _marked(start, _KINDS)


def not_sound(start: bytes) -> str:
    """What begins with the bytes ``start`` if it holds no sound at all; "" for any other."""
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:  # the mark of UTF-16; as MPEG frames their layer is reserved
        return "text" if not start[3:20:2].strip(b"\0") or not start[2:20:2].strip(b"\0") else ""
    # A text of one of the formats' marks is a damaged file of that format.
    if len(start) >= _SHORTEST_TEXT and start[:4] not in _KNOWN and set(start) <= _PRINTED and _is_utf8(start):
        return _marked(start, _NOT_SOUND) or "text"
    return _marked(start, _NOT_SOUND)


def header_fault(start: bytes, words: str) -> str:
    """What is wrong with a file that begins with ``start``, by libsndfile's ``words`` about it."""
    if _UNRECOGNISED in words:
        return _DAMAGED if start[:4] in _KNOWN else "no known format"
    return next((fault for part, fault in _FAULTS if part in words), _DAMAGED)


def _marked(start: bytes, kinds: dict[tuple[int, bytes], str]) -> str:
    return next((kind for (at, mark), kind in kinds.items() if start.startswith(mark, at)), "")


def _is_utf8(start: bytes) -> bool:
    """Whether the bytes are UTF-8; their last character may be cut off."""
    try:
        start.decode()
    except UnicodeDecodeError as exc:
        return exc.start >= len(start) - 3 and exc.reason == "unexpected end of data"
    return True
