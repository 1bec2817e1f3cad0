"""Recordings that would give a wrong answer: each is refused in one line, after the sound before the fault.

test_recording covers valid files.
"""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.audio.formats.names import READ
from edged.audio.recording import Recording
from edged.audio.ring import AudioChunk
from edged.config.structs import Audio
from edged.errors import RecordingError
from tests.parts.sound.speech import RATE_HZ, tone

UNFILTERED = Audio(highpass_hz=0, remove_hum=False)


def collect(path: Path, chunks: list[AudioChunk]) -> None:
    """Append the chunks of a recording to ``chunks``, until it ends or fails."""
    with Recording(path, audio=UNFILTERED) as recording:
        while (chunk := recording.read(1)) is not None:
            chunks.append(chunk)


def faulty(path: Path) -> tuple[list[AudioChunk], str]:
    """The chunks of a recording before its fault, and the fault."""
    chunks: list[AudioChunk] = []
    with pytest.raises(RecordingError) as caught:
        collect(path, chunks)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return chunks, message.removeprefix(f"{path}: ")


def test_missing_file() -> None:
    """A missing file is a one-line error."""
    with pytest.raises(RecordingError, match=rf"^/no/such\.wav: no such file; expected {READ}$"):
        Recording("/no/such.wav").__enter__()


def test_directory(tmp_path: Path) -> None:
    """A folder is refused."""
    assert faulty(tmp_path)[1] == "is a directory; expected a sound file"


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A named pipe is refused, since it might block forever."""
    os.mkfifo(tmp_path / "a.wav")
    assert faulty(tmp_path / "a.wav")[1] == "is a pipe; expected a sound file, or - with the pipe as stdin"


def test_file_without_permission(tmp_path: Path) -> None:
    """An unreadable file is refused; as root the test switches to nobody while it opens the file."""
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), RATE_HZ)
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        message = faulty(path)[1]
    finally:
        os.seteuid(user)
    assert message == "cannot be read (Permission denied); expected a file that this user may read"


def test_empty_file(tmp_path: Path) -> None:
    """An empty file is refused."""
    (tmp_path / "a.wav").touch()
    assert faulty(tmp_path / "a.wav")[1] == f"is empty (0 bytes); expected {READ}"


def test_text_named_wav(tmp_path: Path) -> None:
    """A text file is called one, not by libsndfile's words."""
    (tmp_path / "a.wav").write_text("dear diary\n" * 50)
    assert faulty(tmp_path / "a.wav")[1] == f"cannot be decoded, it is text; expected {READ}"


def test_raw_samples(tmp_path: Path) -> None:
    """Samples without a header are refused, since their rate is unknown."""
    (tmp_path / "a.raw").write_bytes(bytes(32_000))
    assert "no known rate" in faulty(tmp_path / "a.raw")[1]


@pytest.mark.parametrize("name", ["a.au", "a.snd", "a.vox", "a.gsm"])
def test_bytes_under_the_name_of_a_format_without_header(tmp_path: Path, name: str) -> None:
    """libsndfile would play any bytes under these names."""
    (tmp_path / name).write_bytes(np.random.default_rng(4).bytes(50_000))
    assert faulty(tmp_path / name)[1].startswith("samples without a header have no known rate; expected wav")


def test_gsm_of_a_telephone_system(tmp_path: Path) -> None:
    """Its frames have a mark each, and a rate of 8 kHz."""
    soundfile.write(tmp_path / "a.gsm", tone(duration_s=2)[::2], 8000, format="RAW", subtype="GSM610")
    chunks: list[AudioChunk] = []
    collect(tmp_path / "a.gsm", chunks)
    assert sum(len(chunk.samples) for chunk in chunks) == pytest.approx(2 * RATE_HZ, abs=1000)


def frames_of_mp3(folder: Path, rate_hz: int = RATE_HZ) -> bytes:
    """4 s of MP3 without a tag that counts its frames."""
    soundfile.write(folder / "whole.mp3", tone(rate_hz, 4), rate_hz, "MPEG_LAYER_III", format="MP3")
    content = (folder / "whole.mp3").read_bytes()
    return content[content.index(content[:2], 4) :]


def test_program_named_mp3(tmp_path: Path) -> None:
    """A few frames among many bytes, found by chance, after which libsndfile ends without an error."""
    content = frames_of_mp3(tmp_path)[:400] + 8 * frames_of_mp3(tmp_path, 48_000)
    (tmp_path / "a.mp3").write_bytes(content)
    chunks, message = faulty(tmp_path / "a.mp3")
    assert message.startswith("only 0.072 s of sound, it is damaged or no mp3; expected 2.4")
    assert sum(len(chunk.samples) for chunk in chunks) == 0.072 * RATE_HZ


def test_junk_named_mp3(tmp_path: Path) -> None:
    """The reason of libsndfile, that the file does not exist, is not repeated."""
    (tmp_path / "a.mp3").write_bytes(bytes(200_000))
    assert faulty(tmp_path / "a.mp3")[1] == f"cannot be decoded (no mp3 frames); expected {READ}"


APE_TAG = b"APETAGEX" + (2000).to_bytes(4, "little") + (2_001_032).to_bytes(4, "little") + bytes(16)
BEFORE_AND_AFTER = {
    "picture": (b"ID3\x03\0\0" + bytes([0, 0x20, 0, 0]) + bytes(0x20 << 14), b""),
    "junk": (b"some words of a web server\r\n" * 60, b""),
    "end": (b"", bytes(20_000)),
    "tags at the end": (b"", b"APETAGEX".ljust(1000) + bytes(2_000_000) + APE_TAG + b"TAG".ljust(128)),
}


@pytest.mark.parametrize("name", BEFORE_AND_AFTER)
def test_mp3_among_other_bytes(tmp_path: Path, name: str) -> None:
    """Tags as large as a picture, and some junk, before and behind the frames are no fault."""
    before, after = BEFORE_AND_AFTER[name]
    frames_of_mp3(tmp_path)
    (tmp_path / "a.mp3").write_bytes(before + (tmp_path / "whole.mp3").read_bytes() + after)
    chunks: list[AudioChunk] = []
    collect(tmp_path / "a.mp3", chunks)
    assert sum(len(chunk.samples) for chunk in chunks) == pytest.approx(4 * RATE_HZ, abs=3000)


@pytest.mark.parametrize("n_bytes", [1, 12, 20, 36])
def test_truncated_header(tmp_path: Path, n_bytes: int) -> None:
    """A wav file that ends within its header is refused."""
    soundfile.write(tmp_path / "a.wav", tone(), RATE_HZ)
    os.truncate(tmp_path / "a.wav", n_bytes)
    assert faulty(tmp_path / "a.wav")[1].startswith("cannot be decoded (")


def test_no_samples(tmp_path: Path) -> None:
    """A file with a header but no samples is refused."""
    soundfile.write(tmp_path / "a.wav", tone()[:0], RATE_HZ)
    assert faulty(tmp_path / "a.wav") == ([], "holds no samples; expected some sound")


def test_rf64_of_a_pipe(tmp_path: Path) -> None:
    """A header that was never completed says 0 samples: the error names the command that completes it."""
    file = tmp_path / "a.wav"
    soundfile.write(file, tone(), RATE_HZ, format="RF64")
    content = bytearray(file.read_bytes())
    content[20:44] = bytes(24)  # what `ffmpeg -rf64 always -f wav -` leaves in ds64
    file.write_bytes(content)
    said = faulty(file)[1]
    assert said.startswith("holds no samples; expected some sound, or try: ffmpeg -i ")
    assert said.endswith("a-converted.wav")


@pytest.mark.parametrize("rate_hz", [1_000, 768_000])
def test_rate_that_no_microphone_has(tmp_path: Path, rate_hz: int) -> None:
    """An absurd rate means a broken header, and would waste memory."""
    soundfile.write(tmp_path / "a.wav", tone()[:100], rate_hz)
    assert faulty(tmp_path / "a.wav")[1] == f"sample rate {rate_hz} Hz; expected 4000 to 384000 Hz"


@pytest.mark.parametrize(("value", "text"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf"), (1e30, "1e+30")])
def test_sample_that_is_no_sound(tmp_path: Path, value: float, text: str) -> None:
    """NaN, infinite and absurd samples are reported with their time, after the samples before them."""
    wrong = np.stack([tone(duration_s=3), tone(duration_s=3)], axis=1)
    wrong[20_000, 1] = value
    soundfile.write(tmp_path / "a.wav", wrong, RATE_HZ, "FLOAT")
    chunks, message = faulty(tmp_path / "a.wav")
    assert message == f"a sample of {text} at 1.250 s; expected finite numbers, full scale is 1"
    np.testing.assert_allclose(np.concatenate([s.samples for s in chunks]), tone(duration_s=3)[:20_000], atol=1e-7)


@pytest.mark.parametrize(
    ("name", "form", "subtype"),
    [
        ("a.wav", "WAV", "PCM_16"),
        ("a.flac", "FLAC", "PCM_16"),
        ("a.ogg", "OGG", "VORBIS"),
        ("a.opus", "OGG", "OPUS"),
        ("a.mp3", "MP3", "MPEG_LAYER_III"),
    ],
)
def test_file_cut_off_in_the_middle(tmp_path: Path, name: str, form: str, subtype: str) -> None:
    """Half a file gives about half of its sound, less one undecodable block, then "cut off"."""
    whole = np.random.default_rng(3).standard_normal(10 * 48_000).astype(np.float32) / 10
    soundfile.write(tmp_path / name, whole, 48_000, subtype, format=form)
    os.truncate(tmp_path / name, (tmp_path / name).stat().st_size // 2)
    chunks, message = faulty(tmp_path / name)
    assert 3.5 < sum(len(chunk.samples) for chunk in chunks) / RATE_HZ < 5.5
    assert "cut off after " in message


def test_nothing_comes_after_a_fault(tmp_path: Path) -> None:
    """After a fault a recording has ended and returns nothing."""
    soundfile.write(tmp_path / "a.wav", tone()[:0], RATE_HZ)
    with Recording(tmp_path / "a.wav") as recording:
        with pytest.raises(RecordingError):
            recording.read(1)
        assert recording.ended
        assert recording.read(1) is None
