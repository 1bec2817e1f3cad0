"""sound_type: by the first bytes of real files, never by a name."""

import pytest

from edged.web.calls.sound_type import N_BYTES, media_type, sound_type
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
