"""Lengths in file headers: "cut off" is reported only where the format states a length."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.audio.recording import Recording
from edged.errors import RecordingError
from tests.parts.sound.speech import RATE_HZ, noise

DURATION_S = 4.0


def n_samples(path: Path) -> int:
    """Number of samples that a recording delivers."""
    count = 0
    with Recording(path) as recording:
        while (chunk := recording.read(1)) is not None:
            count += len(chunk.samples)
    return count


def written(folder: Path, name: str, form: str, subtype: str | None = None, endian: str | None = None) -> Path:
    """Write four seconds of noise."""
    soundfile.write(folder / name, noise(DURATION_S), RATE_HZ, subtype, endian, format=form)
    return folder / name


def patched(path: Path, *values: tuple[int, bytes]) -> Path:
    """``path`` with bytes replaced at the given offsets."""
    content = bytearray(path.read_bytes())
    for at, value in values:
        content[at : at + len(value)] = value
    path.write_bytes(content)
    return path


def halved(path: Path) -> Path:
    """Write the first half of ``path``."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def flac_from_a_pipe(folder: Path) -> Path:
    """FLAC as ffmpeg writes it to a pipe: no sample count in STREAMINFO, no MD5."""
    path = written(folder, "a.flac", "FLAC")
    n_channels_and_bits = path.read_bytes()[21] & 0xF0
    return patched(path, (21, bytes([n_channels_and_bits, 0, 0, 0, 0])), (26, bytes(16)))


def mp3_without_xing(folder: Path) -> Path:
    """MP3 as ffmpeg writes it to a pipe: without the frame that has the frame count."""
    path = written(folder, "a.mp3", "MP3")
    content = path.read_bytes()
    path.write_bytes(content[content.index(content[:2], 4) :])
    return path


def test_flac_of_unknown_length_is_whole(tmp_path: Path) -> None:
    """All samples are read, and the end is no fault."""
    assert n_samples(flac_from_a_pipe(tmp_path)) == DURATION_S * RATE_HZ


def test_mp3_without_a_count_of_frames_is_whole(tmp_path: Path) -> None:
    """All samples of a variable bit rate are read, although libsndfile estimates half; the encoder's padding stays."""
    assert n_samples(mp3_without_xing(tmp_path)) == pytest.approx(DURATION_S * RATE_HZ, abs=3000)


def test_mp3_of_constant_bit_rate_needs_no_count(tmp_path: Path) -> None:
    """libsndfile estimates a constant bit rate correctly, so the file itself is read."""
    path = tmp_path / "a.mp3"
    soundfile.write(
        path, noise(DURATION_S), RATE_HZ, "MPEG_LAYER_III", format="MP3", bitrate_mode="CONSTANT", compression_level=0.5
    )
    content = path.read_bytes()
    path.write_bytes(content[content.index(content[:2], 4) :])
    assert n_samples(path) == pytest.approx(DURATION_S * RATE_HZ, abs=3000)


def test_mp3_with_a_count_of_frames_is_exact(tmp_path: Path) -> None:
    """The count is also read after an ID3 tag."""
    path = written(tmp_path, "a.mp3", "MP3")
    size = 1000
    path.write_bytes(b"ID3\x03\0\0" + bytes([0, 0, size >> 7, size & 0x7F]) + bytes(size) + path.read_bytes())
    assert n_samples(path) == DURATION_S * RATE_HZ
    with pytest.raises(RecordingError, match=r"cut off after 1\.\d s; expected 4\.0 s as its header says"):
        n_samples(halved(path))


@pytest.mark.parametrize(
    ("name", "form", "endian", "header"),
    [
        ("a.wav", "WAV", "LITTLE", [(4, b"\xff\xff\xff\xff"), (40, b"\xff\xff\xff\xff")]),  # ffmpeg
        ("a.wav", "WAV", "LITTLE", [(4, b"\x24\xf0\xff\x7f"), (40, b"\x00\xf0\xff\x7f")]),  # sox
        ("a.wav", "WAV", "LITTLE", [(4, b"\x24\x00\x00\x80"), (40, b"\x00\x00\x00\x80")]),  # arecord
        ("a.wav", "WAV", "LITTLE", [(4, b"\x00\x00\x00\x00")]),
        ("a.wav", "WAV", "BIG", []),  # RIFX
        ("a.w64", "W64", None, [(16, b"\xff" * 8)]),
        ("a.au", "AU", None, [(8, b"\xff\xff\xff\xff")]),
    ],
)
def test_length_that_its_writer_did_not_know(
    tmp_path: Path, name: str, form: str, endian: str | None, header: list[tuple[int, bytes]]
) -> None:
    """Placeholder lengths of writers to a pipe, and RIFX: the file is whole."""
    path = patched(written(tmp_path, name, form, "PCM_16", endian), *header)
    assert n_samples(path) == DURATION_S * RATE_HZ


@pytest.mark.parametrize(
    ("name", "form", "endian"),
    [
        ("a.wav", "WAV", "LITTLE"),
        ("a.wav", "WAV", "BIG"),
        ("a.wav", "WAVEX", None),
        ("a.wav", "RF64", None),
        ("a.w64", "W64", None),
        ("a.aiff", "AIFF", None),
        ("a.au", "AU", None),
        ("a.au", "AU", "LITTLE"),
        ("a.flac", "FLAC", None),
    ],
)
def test_container_that_promises_more_is_cut_off(tmp_path: Path, name: str, form: str, endian: str | None) -> None:
    """Half a file of each format with a length gives half of the sound, then the fault."""
    path = halved(written(tmp_path, name, form, "PCM_16", endian))
    with pytest.raises(RecordingError, match=r"cut off after [12]\.\d s"):
        n_samples(path)


def test_cut_within_a_frame_is_a_fault_of_any_flac(tmp_path: Path) -> None:
    """The message names no length if the header has none."""
    with pytest.raises(RecordingError, match=r"damaged or cut off after .*; expected as much sound as the file says"):
        n_samples(halved(flac_from_a_pipe(tmp_path)))


@pytest.mark.parametrize(
    ("name", "start", "kind"),
    [
        ("note.m4a", b"\0\0\0\x1cftypM4A \0\0\x02\0", "MPEG-4 or 3GPP (mp4, m4a, mov, 3gp)"),
        ("call.3gp", b"\0\0\0\x1cftyp3gp4\0\0\x02\0", "MPEG-4 or 3GPP (mp4, m4a, mov, 3gp)"),
        ("note.webm", b"\x1a\x45\xdf\xa3\x01\0\0\0", "Matroska (mkv, mka, webm)"),
        ("note.wma", bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "Windows Media (wma, wmv)"),
        ("note.aac", b"\xff\xf1\x60\x40\x01\x7f\xfc\xde", "AAC audio"),
        ("note.amr", b"#!AMR\n\x3c", "AMR audio"),
    ],
)
def test_foreign_format_is_named_with_the_command_that_converts_it(
    tmp_path: Path, name: str, start: bytes, kind: str
) -> None:
    """Formats of phones and browsers are named, with an ffmpeg command to paste."""
    path = tmp_path / name
    path.write_bytes(start + bytes(4000))
    with pytest.raises(RecordingError) as caught:
        n_samples(path)
    command = f"ffmpeg -i {path} {path.with_suffix('.wav')}"
    assert str(caught.value) == f"{path}: cannot be decoded, it is {kind}; convert it first: {command}"


def test_foreign_format_in_a_name_that_needs_quotes(tmp_path: Path) -> None:
    """The command is quoted for the shell and never overwrites its input."""
    path = tmp_path / "voice note.wav"
    path.write_bytes(b"\0\0\0\x1cftypM4A \0\0\x02\0" + bytes(4000))
    with pytest.raises(RecordingError, match=r"ffmpeg -i '.*/voice note\.wav' '.*/voice note-converted\.wav'$"):
        n_samples(path)


def unknown_codec(path: Path) -> Path:
    """A WAV file with a codec that libsndfile lacks."""
    fmt = struct.pack("<HHIIHH", 0x2000, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", 400) + bytes(400)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def test_known_container_with_an_unknown_codec_has_the_command_too(tmp_path: Path) -> None:
    """AC-3 in WAV: the error has a reason, the expected formats, and a command that may help."""
    with pytest.raises(
        RecordingError,
        match=r"cannot be decoded \(its codec is unknown.*\); expected wav, .* or rf64, or try: ffmpeg -i ",
    ):
        n_samples(unknown_codec(tmp_path / "a.wav"))


@pytest.mark.parametrize("made", [flac_from_a_pipe, mp3_without_xing])
def test_sound_of_a_pipe_is_the_sound(tmp_path: Path, made: Callable[[Path], Path]) -> None:
    """The samples equal those of the file with a length."""
    path = made(tmp_path)
    with Recording(path) as recording:
        first = recording.read(1)
    assert first is not None
    assert float(np.sqrt(np.mean(first.samples**2))) == pytest.approx(0.1, rel=0.2)
