"""Recordings: every sound file becomes 16 kHz mono.

test_recording_speed covers their speed, test_recording_faults files that are refused.
"""

import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.audio.recording import Recording
from edged.audio.ring import AudioChunk
from edged.config.structs import Audio
from edged.features.logmel import Floats
from tests.parts.sound.speech import RATE_HZ, tone

UNFILTERED = Audio(highpass_hz=0, remove_hum=False)


def chunks(path: Path, speed: float | None = None) -> list[AudioChunk]:
    """All chunks of a recording."""
    received = []
    with Recording(path, speed=speed, audio=UNFILTERED) as recording:
        while not recording.ended:
            if chunk := recording.read(1):
                received.append(chunk)
    return received


def samples(path: Path) -> Floats:
    """All samples of a recording."""
    return np.concatenate([chunk.samples for chunk in chunks(path)])


def near(received: Floats, expected: Floats, tolerance: float) -> bool:
    """Whether both have the same length and are close except near the ends, where filters see zeros."""
    return len(received) == len(expected) and bool(np.all(np.abs(received - expected)[1000:-1000] < tolerance))


def test_gain_and_highpass_are_those_of_the_microphone(tmp_path: Path) -> None:
    """A recording is conditioned like the microphone: offset removed, then amplified."""
    samples = (0.1 * np.sin(2 * np.pi * 1000 * np.arange(4 * 16_000) / 16_000) + 0.3).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
    with Recording(tmp_path / "a.wav", audio=Audio(gain_db=6.0206, highpass_hz=50)) as recording:
        blocks = []
        while (chunk := recording.read(1)) is not None:
            blocks.append(chunk.samples)
    assert np.concatenate(blocks)[16_000:].mean() == pytest.approx(0, abs=1e-3)
    assert np.abs(np.concatenate(blocks)[16_000:]).max() == pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize(("loudest", "n"), [(1.0, 100), (-1.0, 100), (0.999, 0)])
def test_clipping_is_counted(tmp_path: Path, loudest: float, n: int) -> None:
    """Samples at full scale before gain are counted."""
    samples = np.zeros(16_000, np.float32)
    samples[::160] = loudest
    soundfile.write(tmp_path / "a.wav", samples, 16_000)
    with Recording(tmp_path / "a.wav", audio=Audio(gain_db=-20)) as recording:
        while recording.read(1) is not None:
            pass
        assert recording.status.n_clipped == n


def test_float_wav_comes_out_unchanged(tmp_path: Path) -> None:
    """16 kHz mono float passes unchanged."""
    expected = tone(duration_s=2.5)
    soundfile.write(tmp_path / "a.wav", expected, RATE_HZ, "FLOAT")
    np.testing.assert_array_equal(samples(tmp_path / "a.wav"), expected)


@pytest.mark.parametrize(
    ("subtype", "tolerance"),
    [("PCM_U8", 0.01), ("PCM_16", 1e-4), ("PCM_24", 1e-6), ("PCM_32", 1e-6), ("DOUBLE", 1e-6), ("ULAW", 0.02)],
)
def test_width_does_not_matter(tmp_path: Path, subtype: str, tolerance: float) -> None:
    """8, 16, 24, 32 bits, double and A-law or mu-law are equal within their quantisation steps."""
    soundfile.write(tmp_path / "a.wav", tone(), RATE_HZ, subtype)
    assert near(samples(tmp_path / "a.wav"), tone(), tolerance)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_rate_does_not_matter(tmp_path: Path, rate_hz: int) -> None:
    """From 8 kHz to 96 kHz the tone is the same at 16 kHz."""
    soundfile.write(tmp_path / "a.wav", tone(rate_hz, 2.0), rate_hz, "FLOAT")
    assert near(samples(tmp_path / "a.wav"), tone(RATE_HZ, 2.0), 0.005)


@pytest.mark.parametrize(
    ("name", "form", "subtype", "rate_hz"),
    [
        ("a.flac", "FLAC", "PCM_16", 44_100),
        ("a.ogg", "OGG", "VORBIS", 44_100),
        ("a.opus", "OGG", "OPUS", 48_000),
        ("a.mp3", "MP3", "MPEG_LAYER_III", 44_100),
        ("a.aiff", "AIFF", "PCM_16", 44_100),
    ],
)
def test_format_does_not_matter(tmp_path: Path, name: str, form: str, subtype: str, rate_hz: int) -> None:
    """In every format the tone is the same within the format's loss."""
    soundfile.write(tmp_path / name, tone(rate_hz, 2.0), rate_hz, subtype, format=form)
    assert near(samples(tmp_path / name), tone(RATE_HZ, 2.0), 0.05)


@pytest.mark.parametrize("speed", [None, 50])
@pytest.mark.parametrize(
    ("form", "subtype"), [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]
)
def test_blocks_are_the_same_as_the_whole(tmp_path: Path, form: str, subtype: str, speed: float | None) -> None:
    """Decoding in blocks keeps the state that formats carry between blocks."""
    soundfile.write(tmp_path / "a", tone(duration_s=4), RATE_HZ, subtype, format=form)
    whole, _ = soundfile.read(tmp_path / "a", dtype="float32")
    np.testing.assert_allclose(np.concatenate([s.samples for s in chunks(tmp_path / "a", speed)]), whole, atol=1e-6)


def test_name_does_not_matter(tmp_path: Path) -> None:
    """A FLAC file named .wav is read as FLAC."""
    soundfile.write(tmp_path / "a.flac", tone(), RATE_HZ)
    (tmp_path / "a.flac").rename(tmp_path / "a.wav")
    assert len(samples(tmp_path / "a.wav")) == RATE_HZ


def test_name_may_be_any_bytes(tmp_path: Path) -> None:
    """A Latin-1 name from an old disk is read, and payloads contain it as valid text."""
    path = tmp_path / os.fsdecode(b"k\xfcche.wav")
    soundfile.write(os.fsencode(path), tone(), RATE_HZ, format="WAV")
    with Recording(path) as recording:
        assert recording.read(1) is not None
        assert recording.name.encode().endswith("k\ufffdche.wav".encode())


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_file_may_go_while_it_is_played(tmp_path: Path, name: str) -> None:
    """A file deleted while open can be read to its end."""
    soundfile.write(tmp_path / name, tone(duration_s=3), RATE_HZ)
    with Recording(tmp_path / name) as recording:
        (tmp_path / name).unlink()
        n_samples = 0
        while not recording.ended:
            chunk = recording.read(1)
            n_samples += 0 if chunk is None else len(chunk.samples)
    assert n_samples == 3 * RATE_HZ


def test_beyond_full_scale_is_kept(tmp_path: Path) -> None:
    """Finite float samples beyond full scale are not clipped."""
    soundfile.write(tmp_path / "a.wav", 40 * tone(), RATE_HZ, "FLOAT")
    np.testing.assert_array_equal(samples(tmp_path / "a.wav"), 40 * tone())


@pytest.mark.parametrize("rate_hz", [RATE_HZ, 44_100])
def test_counts_follow_on(tmp_path: Path, rate_hz: int) -> None:
    """Each chunk starts where the last one ended, in samples and wall clock; none is much longer than a second."""
    soundfile.write(tmp_path / "a.wav", tone(rate_hz, 4.6), rate_hz)
    before_s = time.time()
    received = chunks(tmp_path / "a.wav")
    assert before_s <= received[0].utc_s <= time.time()
    count = 0
    for chunk in received:
        assert chunk.start == count
        assert chunk.utc_s == pytest.approx(received[0].utc_s + count / RATE_HZ, abs=1e-4)
        assert len(chunk.samples) <= 1.1 * RATE_HZ
        count += len(chunk.samples)
    assert count == round(4.6 * RATE_HZ)


def test_tenth_of_a_second(tmp_path: Path) -> None:
    """A clip much shorter than a window is read completely."""
    soundfile.write(tmp_path / "a.wav", tone(44_100, 0.1), 44_100)
    assert len(samples(tmp_path / "a.wav")) == 1600


def test_hour_of_silence_costs_no_memory(tmp_path: Path) -> None:
    """An hour is 230 MB of float samples; reading it adds less than a tenth of that."""
    path = tmp_path / "hour.wav"
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, "PCM_16") as file:
        for _ in range(60):
            file.write(np.zeros(60 * RATE_HZ, np.int16))
    script = """
import resource, sys
from edged.audio.recording import Recording
from edged.config.structs import Audio
def peak_kb(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
n = 0
with Recording(sys.argv[1]) as recording:
    recording.read(1)
    at_first_kb = peak_kb()
    while not recording.ended:
        chunk = recording.read(1)
        n += 0 if chunk is None else len(chunk.samples)
assert n == 3599 * 16000, n
assert peak_kb() - at_first_kb < 20_000, (at_first_kb, peak_kb())
"""
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=120)


def test_real_speech_is_the_same(corpora: Path) -> None:
    """A corpus clip equals libsndfile's decoding."""
    path = min((corpora / "emodb").glob("*.flac"))
    expected, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(samples(path), expected)


def test_wav_written_to_a_pipe(tmp_path: Path) -> None:
    """A placeholder length, from a writer that could not seek, does not shorten the file."""
    soundfile.write(tmp_path / "a.wav", tone(), RATE_HZ)
    written = bytearray((tmp_path / "a.wav").read_bytes())
    written[4:8] = written[40:44] = struct.pack("<I", 0xFFFF_FFFF)
    (tmp_path / "a.wav").write_bytes(written)
    assert len(samples(tmp_path / "a.wav")) == RATE_HZ
