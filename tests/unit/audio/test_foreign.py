"""Files that are no sound, and headers that make none: each is named in words for people, never in libsndfile's."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.audio.formats.foreign import format_name, header_fault, not_sound
from edged.audio.formats.names import READ
from edged.audio.sound_file import SoundFile
from edged.errors import RecordingError
from tests.parts.sound.speech import RATE_HZ, tone

_EXPECTED = f"expected {READ}"
_LIBSNDFILE = re.compile(
    r"not recognised|System error|SF_INFO|unimplemented|malformed|Internal|internal error"
    r"|psf_|chunk|lost sync|does not exist"
)
_FILES = {"a.wav": "PCM_16", "a.aiff": "PCM_16", "a.flac": "PCM_16", "a.ogg": "VORBIS", "a.mp3": "MPEG_LAYER_III"}


def fault(path: Path) -> str:
    """What is said about a file that cannot be decoded to its end, without its name."""
    with pytest.raises(RecordingError) as caught, SoundFile(path) as file:
        for _ in file.blocks():
            pass
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"dear diary\n", "text"),
        ("\N{BOX DRAWINGS LIGHT VERTICAL} größer".encode(), "text"),
        ("größer".encode()[:-1], "text"),  # the bytes end anywhere
        ("größer".encode("utf-16"), "text"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"PK\3\4\x14\0", "a ZIP archive or an office document"),
        (b"\x89PNG\r\n\x1a\n", "a picture (png)"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture (jpg)"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a picture (webp)"),
        (b"RIFF", ""),
        (b"RIFF\0\0\0\0WAVEfmt ", ""),
        (b"ID3\3\0\0\0\0\0\0", ""),
        (b"\xff\xfb\x90\x64\0\0\0\0", ""),
        (bytes(20), ""),
        (b"", ""),
    ],
)
def test_what_is_no_sound(start: bytes, kind: str) -> None:
    """By the first bytes; what may be sound is left to libsndfile."""
    assert not_sound(start) == kind
    assert format_name(start) == ""


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\0\0\0\x14ftypqt  ", "MPEG-4 or 3GPP (mp4, m4a, mov, 3gp)"),
        (b"\0\0\0\x08wide\0\0", "QuickTime (mov)"),
        (b"RIFF\0\0\0\0AVI LIST", "AVI video"),
        (b"\0\0\1\xba\x44", "MPEG video (mpg)"),
        ((b"\x47\x40" + bytes(186)) * 3, "an MPEG transport stream (ts)"),
        (b"OggS\0\2".ljust(28, b"\0") + b"\x80theora", "Ogg video (ogv)"),
    ],
)
def test_video_is_named_with_the_command(tmp_path: Path, start: bytes, kind: str) -> None:
    """A video may hold sound that ffmpeg finds."""
    file = tmp_path / "call.mov"
    file.write_bytes(start + bytes(4000))
    assert fault(file) == f"cannot be decoded, it is {kind}; convert it first: ffmpeg -i {file} {tmp_path / 'call.wav'}"


@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [
        (24, bytes(4), "its header has no valid sample rate"),
        (22, bytes(2), "its header has no channels"),
        (22, b"\xff\xff", "its header has too many channels"),
        (20, b"\x55\x55", "its codec is unknown, or its header is damaged"),
        (34, bytes(2), "its codec is unknown, or its header is damaged"),
        (8, b"EVAW", "its header is damaged or cut off"),
    ],
    ids=["0 Hz", "0 channels", "65535 channels", "codec", "0 bits", "no WAVE"],
)
def test_header_fault_in_words(tmp_path: Path, at: int, value: bytes, reason: str) -> None:
    """One wrong field of a WAV header each."""
    file = tmp_path / "a.wav"
    soundfile.write(file, tone(), RATE_HZ)
    content = bytearray(file.read_bytes())
    content[at : at + len(value)] = value
    file.write_bytes(content)
    assert fault(file).startswith(f"cannot be decoded ({reason}); {_EXPECTED}, or try: ffmpeg -i ")


@pytest.mark.parametrize("name", _FILES)
@pytest.mark.parametrize("n_bytes", [1, 4, 12, 20, 36, 44, 60, 100, 300, None])
def test_cut_anywhere_in_words(tmp_path: Path, name: str, n_bytes: int | None) -> None:
    """No file that ends too early brings out libsndfile's words; None is half a file."""
    file = tmp_path / name
    form = None if _FILES[name] != "MPEG_LAYER_III" else "MP3"
    soundfile.write(
        file, np.random.default_rng(1).standard_normal(RATE_HZ * 3) / 10, RATE_HZ, _FILES[name], format=form
    )
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2 if n_bytes is None else n_bytes])
    assert _LIBSNDFILE.search(fault(file)) is None


def test_damage_gives_lengths_that_differ(tmp_path: Path) -> None:
    """Damage that costs a thirtieth of a second is not "after 3.0 s; expected 3.0 s"."""
    file = tmp_path / "a.mp3"
    soundfile.write(file, tone(duration_s=10), RATE_HZ, "MPEG_LAYER_III", format="MP3")
    content = bytearray(file.read_bytes())
    middle = content.index(content[:2], len(content) // 2)  # a frame begins
    content[middle : middle + 4] = bytes(4)
    file.write_bytes(content)
    assert re.fullmatch(
        r"damaged or cut off after (9\.9\d|9\.99\d) s; expected 10\.00+ s as its header says", fault(file)
    )


def test_disk_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the disk is not called one of the file."""
    file = tmp_path / "a.wav"
    soundfile.write(file, tone(duration_s=2), RATE_HZ)

    def read(*_given: object, **_named: object) -> None:
        raise soundfile.LibsndfileError(2)

    monkeypatch.setattr(soundfile.SoundFile, "read", read)
    assert fault(file) == "the disk cannot read it after 0.0 s; expected 2.0 s as its header says"


def test_words_that_nobody_knows() -> None:
    """Libsndfile has two hundred; what is not in the list is a damaged header, and never shown."""
    assert header_fault(b"RIFF", "Error in some new way.") == "its header is damaged or cut off"
    assert header_fault(bytes(8), "Format not recognised.") == "no known format"
