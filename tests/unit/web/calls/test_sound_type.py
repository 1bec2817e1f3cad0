"""sound_type: by the first bytes of real files, never by a name."""

import pytest

from edged.web.calls.sound_type import N_BYTES, media_type, refusal, sound_type
from tests.parts.web.recordings import as_bytes


@pytest.mark.parametrize(
    ("kind", "subtype", "suffix"),
    [
        ("WAV", "PCM_16", "wav"),
        ("WAV", "ULAW", "wav"),
        ("RF64", "PCM_16", "wav"),
        ("FLAC", None, "flac"),
        ("OGG", "VORBIS", "ogg"),
        ("OGG", "OPUS", "ogg"),
        ("MP3", None, "mp3"),
    ],
)
def test_sound_type_of_files(kind: str, subtype: str | None, suffix: str) -> None:
    """What libsndfile writes is known by its first bytes."""
    assert sound_type(as_bytes(kind, subtype)[:N_BYTES]) == suffix
    assert media_type(suffix).startswith("audio/")


@pytest.mark.parametrize(
    "first",
    [b"", b"RIFF", b"RIFF\0\0\0\0AVI ", b"%PDF-1.7", b"\x7fELF", b"<html>", b"\xff\xf1\x50\x80", b"\0\0\0\x20ftypM4A "],
    ids=["empty", "short", "avi", "pdf", "elf", "html", "aac", "m4a"],
)
def test_sound_type_others(first: bytes) -> None:
    """Anything else is nothing, also what only begins like sound."""
    assert sound_type(first) is None


@pytest.mark.parametrize(
    ("first", "sentence"),
    [
        (
            b"\0\0\0\x20ftypM4A ",
            "a is MPEG-4 or 3GPP (mp4, m4a, mov, 3gp). Convert it first: ffmpeg -i RECORDING call.wav",
        ),
        (b"#!AMR\n", "a is AMR audio. Convert it first: ffmpeg -i RECORDING call.wav"),
        (b"FORM\0\0\0\0AIFF", "a is not a wav, flac, ogg, opus or mp3 file."),
        (b"\0\1\2\3\4\5\6", "a is not a wav, flac, ogg, opus or mp3 file."),
        (b"RIFF\0\0\0\0AVI ", "a is AVI video. Convert it first: ffmpeg -i RECORDING call.wav"),
        (b"dear diary, ", "a is text, not a wav, flac, ogg, opus or mp3 file."),
        (b"%PDF-1.7", "a is a PDF document, not a wav, flac, ogg, opus or mp3 file."),
    ],
    ids=["m4a", "amr", "aiff", "bytes", "avi", "text", "pdf"],
)
def test_refusal(first: bytes, sentence: str) -> None:
    """Sound in another format is named, with the command that converts it; never called no sound."""
    assert refusal("a", first) == sentence
