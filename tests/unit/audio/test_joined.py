"""Recordings joined end to end: libsndfile would read the first alone, so each such file is refused in one line."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.audio.recording import Recording
from edged.errors import RecordingError
from tests.parts.sound.speech import RATE_HZ, tone

FORMATS = [("mp3", "MPEG_LAYER_III"), ("ogg", "VORBIS"), ("ogg", "OPUS"), ("flac", "PCM_16")]
OTHERS = [
    ("wav", "PCM_16"),
    ("aiff", "PCM_16"),
    ("au", "ULAW"),
    ("caf", "PCM_16"),
    ("w64", "PCM_16"),
    ("rf64", "PCM_16"),
]
SECONDS = [(RATE_HZ, 1), (8_000, 1), (48_000, 1), (RATE_HZ, 2)]  # rate and channels of the second recording
JOINED = "is several recordings joined, expected one"


def recorded(folder: Path, form: str, subtype: str, rate_hz: int = RATE_HZ, n_channels: int = 1) -> bytes:
    """Two seconds of a tone."""
    file = folder / f"one.{form}"
    samples = np.repeat(tone(rate_hz, 2)[:, None], n_channels, axis=1)
    soundfile.write(file, samples, rate_hz, subtype, format=form.upper())
    return file.read_bytes()


def fault_of(file: Path, content: bytes) -> str:
    """Why ``content`` is refused, before any of its sound is heard."""
    file.write_bytes(content)
    with pytest.raises(RecordingError) as caught, Recording(file):
        pass
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert "\n" not in message
    return message.removeprefix(f"{file}: ")


def length_s(file: Path, content: bytes) -> float:
    """How much sound ``content`` has."""
    file.write_bytes(content)
    n_samples = 0
    with Recording(file) as recording:
        while (chunk := recording.read(1)) is not None:
            n_samples += len(chunk.samples)
    return n_samples / RATE_HZ


def without_tag(content: bytes) -> bytes:
    """An MP3 file without its first frame, which counts the others, as a writer to a pipe makes it."""
    return content[content.index(content[:2], 4) :]


@pytest.mark.parametrize(("rate_hz", "n_channels"), SECONDS)
@pytest.mark.parametrize(("form", "subtype"), FORMATS)
def test_joined(tmp_path: Path, form: str, subtype: str, rate_hz: int, n_channels: int) -> None:
    """Of the same rate and channels or not; the line has the command that reads them all."""
    first = recorded(tmp_path, form, subtype)
    second = recorded(tmp_path, form, subtype, rate_hz, n_channels)
    file = tmp_path / f"a.{form}"
    command = f"ffmpeg -i {file} {file.with_suffix('.wav')}"
    assert fault_of(file, first + second) == f"{JOINED}, or try: {command}"


@pytest.mark.parametrize(("form", "subtype"), OTHERS)
def test_joined_without_compression(tmp_path: Path, form: str, subtype: str) -> None:
    """libsndfile refuses a second RIFF or FORM itself; no ffmpeg reads the others."""
    joined = recorded(tmp_path, form, subtype) + recorded(tmp_path, form, subtype, 8_000)
    fault = fault_of(tmp_path / f"a.{form}", joined)
    assert fault.startswith("cannot be decoded (") if form in {"wav", "aiff"} else fault == JOINED


def test_joined_wav_from_pipes(tmp_path: Path) -> None:
    """Without lengths in their headers the second would play at the first one's rate, its header as a click."""
    one, other = recorded(tmp_path, "wav", "PCM_16"), recorded(tmp_path, "wav", "PCM_16", 8_000)
    streamed = [
        b"RIFF\xff\xff\xff\xff" + content[8:40] + b"\xff\xff\xff\xff" + content[44:] for content in (one, other)
    ]
    assert length_s(tmp_path / "a.wav", streamed[0]) == 2
    assert fault_of(tmp_path / "a.wav", b"".join(streamed)) == JOINED


@pytest.mark.parametrize("between", [b"", b"TAG".ljust(128), b"ID3\x03\0\0\0\0\x01\0".ljust(10 + 128)])
def test_joined_mp3_with_tags(tmp_path: Path, between: bytes) -> None:
    """Tags of players may lie between the two."""
    one = recorded(tmp_path, "mp3", "MPEG_LAYER_III")
    assert fault_of(tmp_path / "a.mp3", one + between + one).startswith(f"{JOINED}, or try: ffmpeg -i ")


@pytest.mark.parametrize(("rate_hz", "n_channels"), SECONDS)
def test_joined_mp3_without_a_count(tmp_path: Path, rate_hz: int, n_channels: int) -> None:
    """Frames of the same rate and channels are one recording; where these change, libsndfile would end."""
    first = without_tag(recorded(tmp_path, "mp3", "MPEG_LAYER_III"))
    joined = first + without_tag(recorded(tmp_path, "mp3", "MPEG_LAYER_III", rate_hz, n_channels))
    if (rate_hz, n_channels) == SECONDS[0]:
        assert length_s(tmp_path / "a.mp3", joined) == pytest.approx(4, abs=0.3)
    else:
        assert fault_of(tmp_path / "a.mp3", joined).startswith(JOINED)


@pytest.mark.parametrize(("form", "subtype"), [*FORMATS, *OTHERS])
def test_one_recording(tmp_path: Path, form: str, subtype: str) -> None:
    """It is played to its end."""
    assert length_s(tmp_path / f"a.{form}", recorded(tmp_path, form, subtype)) == pytest.approx(2, abs=0.2)
