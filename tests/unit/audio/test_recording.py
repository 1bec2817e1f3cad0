"""Recordings: every kind of sound file comes out as 16 kHz mono, as fast as it is asked for or at a given speed.

What would give a wrong answer is in test_recording_faults.
"""

import os
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

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
    """All that a recording gives."""
    found = []
    with Recording(path, speed=speed, audio=UNFILTERED) as recording:
        while not recording.ended:
            if chunk := recording.read(1):
                found.append(chunk)
    return found


def samples(path: Path) -> Floats:
    """All samples of a recording."""
    return np.concatenate([chunk.samples for chunk in chunks(path)])


def near(found: Floats, expected: Floats, tolerance: float) -> bool:
    """Whether both are as long, and alike away from the ends, where filters see zeros."""
    return len(found) == len(expected) and bool(np.all(np.abs(found - expected)[1000:-1000] < tolerance))


def test_gain_and_highpass_are_those_of_the_microphone(tmp_path: Path) -> None:
    """A recording sounds as the microphone does with the same config: an offset is removed, the rest is amplified."""
    samples = (0.1 * np.sin(2 * np.pi * 1000 * np.arange(4 * 16_000) / 16_000) + 0.3).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
    with Recording(tmp_path / "a.wav", audio=Audio(gain_db=6.0206, highpass_hz=50)) as recording:
        heard = []
        while (chunk := recording.read(1)) is not None:
            heard.append(chunk.samples)
    assert np.concatenate(heard)[16_000:].mean() == pytest.approx(0, abs=1e-3)
    assert np.abs(np.concatenate(heard)[16_000:]).max() == pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize(("loudest", "n"), [(1.0, 100), (-1.0, 100), (0.999, 0)])
def test_clipping_is_counted(tmp_path: Path, loudest: float, n: int) -> None:
    """Samples at full scale, before gain."""
    samples = np.zeros(16_000, np.float32)
    samples[::160] = loudest
    soundfile.write(tmp_path / "a.wav", samples, 16_000)
    with Recording(tmp_path / "a.wav", audio=Audio(gain_db=-20)) as recording:
        while recording.read(1) is not None:
            pass
        assert recording.status.n_clipped == n


def test_float_wav_comes_out_unchanged(tmp_path: Path) -> None:
    """16 kHz mono float is what is wanted already: every sample is the same."""
    expected = tone(duration_s=2.5)
    soundfile.write(tmp_path / "a.wav", expected, RATE_HZ, "FLOAT")
    np.testing.assert_array_equal(samples(tmp_path / "a.wav"), expected)


@pytest.mark.parametrize(
    ("subtype", "tolerance"),
    [("PCM_U8", 0.01), ("PCM_16", 1e-4), ("PCM_24", 1e-6), ("PCM_32", 1e-6), ("DOUBLE", 1e-6), ("ULAW", 0.02)],
)
def test_width_does_not_matter(tmp_path: Path, subtype: str, tolerance: float) -> None:
    """8, 16, 24, 32 bits, double and telephone's logarithm are the same sound to within their own steps."""
    soundfile.write(tmp_path / "a.wav", tone(), RATE_HZ, subtype)
    assert near(samples(tmp_path / "a.wav"), tone(), tolerance)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_rate_does_not_matter(tmp_path: Path, rate_hz: int) -> None:
    """From a telephone's 8 kHz to a studio's 96 kHz the tone is the same tone at 16 kHz."""
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
    """Compressed or not, the tone is the same tone to within what the format leaves out."""
    soundfile.write(tmp_path / name, tone(rate_hz, 2.0), rate_hz, subtype, format=form)
    assert near(samples(tmp_path / name), tone(RATE_HZ, 2.0), 0.05)


@pytest.mark.parametrize("speed", [None, 50])
@pytest.mark.parametrize(
    ("form", "subtype"), [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]
)
def test_blocks_are_the_same_as_the_whole(tmp_path: Path, form: str, subtype: str, speed: float | None) -> None:
    """Decoding block by block loses nothing of what formats carry over from one to the next."""
    soundfile.write(tmp_path / "a", tone(duration_s=4), RATE_HZ, subtype, format=form)
    whole, _ = soundfile.read(tmp_path / "a", dtype="float32")
    np.testing.assert_allclose(np.concatenate([s.samples for s in chunks(tmp_path / "a", speed)]), whole, atol=1e-6)


def test_name_does_not_matter(tmp_path: Path) -> None:
    """A FLAC file that is named .wav is read for what it is."""
    soundfile.write(tmp_path / "a.flac", tone(), RATE_HZ)
    (tmp_path / "a.flac").rename(tmp_path / "a.wav")
    assert len(samples(tmp_path / "a.wav")) == RATE_HZ


def test_name_may_be_any_bytes(tmp_path: Path) -> None:
    """One of an old disk, in Latin-1: it is read, and what a payload says of it is text."""
    path = tmp_path / os.fsdecode(b"k\xfcche.wav")
    soundfile.write(os.fsencode(path), tone(), RATE_HZ, format="WAV")
    with Recording(path) as recording:
        assert recording.read(1) is not None
        assert recording.name.encode().endswith("k\ufffdche.wav".encode())


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_file_may_go_while_it_is_played(tmp_path: Path, name: str) -> None:
    """What is open can be read to its end; only its name is gone."""
    soundfile.write(tmp_path / name, tone(duration_s=3), RATE_HZ)
    with Recording(tmp_path / name) as recording:
        (tmp_path / name).unlink()
        n_samples = 0
        while not recording.ended:
            chunk = recording.read(1)
            n_samples += 0 if chunk is None else len(chunk.samples)
    assert n_samples == 3 * RATE_HZ


def test_beyond_full_scale_is_kept(tmp_path: Path) -> None:
    """A float file may be louder than full scale: what is finite is not clipped."""
    soundfile.write(tmp_path / "a.wav", 40 * tone(), RATE_HZ, "FLOAT")
    np.testing.assert_array_equal(samples(tmp_path / "a.wav"), 40 * tone())


@pytest.mark.parametrize("rate_hz", [RATE_HZ, 44_100])
def test_counts_follow_on(tmp_path: Path, rate_hz: int) -> None:
    """Each chunk starts where the last one ended, in samples and by the wall clock; none is far over a second."""
    soundfile.write(tmp_path / "a.wav", tone(rate_hz, 4.6), rate_hz)
    before_s = time.time()
    found = chunks(tmp_path / "a.wav")
    assert before_s <= found[0].utc_s <= time.time()
    count = 0
    for chunk in found:
        assert chunk.start == count
        assert chunk.utc_s == pytest.approx(found[0].utc_s + count / RATE_HZ, abs=1e-4)
        assert len(chunk.samples) <= 1.1 * RATE_HZ
        count += len(chunk.samples)
    assert count == round(4.6 * RATE_HZ)


def test_tenth_of_a_second(tmp_path: Path) -> None:
    """A clip far below a window comes out whole."""
    soundfile.write(tmp_path / "a.wav", tone(44_100, 0.1), 44_100)
    assert len(samples(tmp_path / "a.wav")) == 1600


def test_hour_of_silence_costs_no_memory(tmp_path: Path) -> None:
    """An hour is 230 MB as float samples; reading it through takes less than a tenth of that beyond the start."""
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
    """A corpus clip comes out as libsndfile decodes it."""
    path = min((corpora / "emodb").glob("*.flac"))
    expected, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(samples(path), expected)


def test_wav_written_to_a_pipe(tmp_path: Path) -> None:
    """A writer that could not know the length puts the largest number there; the file is whole all the same."""
    soundfile.write(tmp_path / "a.wav", tone(), RATE_HZ)
    written = bytearray((tmp_path / "a.wav").read_bytes())
    written[4:8] = written[40:44] = struct.pack("<I", 0xFFFF_FFFF)
    (tmp_path / "a.wav").write_bytes(written)
    assert len(samples(tmp_path / "a.wav")) == RATE_HZ


class Pace:
    """Stands where ``time`` does in the recording: a clock that goes on by what is waited, and by nothing else."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        """Seconds waited so far."""
        return self.now_s

    def time(self) -> float:
        """The wall clock, which is none here."""
        return self.now_s

    def Event(self) -> threading.Event:  # noqa: N802 -- as of threading
        """One whose waits take no time but this clock's."""
        pace = self

        class Waited(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:
                pace.now_s += timeout or 0.0
                return self.is_set()

        return Waited()


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> Pace:
    """The recording's clock."""
    made = Pace()
    monkeypatch.setattr("edged.audio.recording.time", made)
    monkeypatch.setattr("edged.audio.recording.threading", SimpleNamespace(Event=made.Event))
    return made


@pytest.mark.parametrize(("speed", "duration_s"), [(1, 0.6), (100, 60), (0.5, 0.3)])
def test_speed_divides_the_time(tmp_path: Path, pace: Pace, speed: float, duration_s: float) -> None:
    """Each chunk comes just when it could have been heard: at speed 1 in real time, at 100 a minute in 0.6 s."""
    soundfile.write(tmp_path / "a.wav", tone(duration_s=duration_s), RATE_HZ)
    n = 0
    with Recording(tmp_path / "a.wav", speed=speed) as recording:
        while (chunk := recording.read(5)) is not None:
            n += len(chunk.samples)
            assert pace.now_s - 1000 == pytest.approx(n / RATE_HZ / speed)
    assert n == round(duration_s * RATE_HZ)


def test_read_that_is_not_due_returns_in_time(tmp_path: Path, pace: Pace) -> None:
    """What is not due within the timeout comes with a later read; nothing is lost by asking too early."""
    soundfile.write(tmp_path / "a.wav", tone(duration_s=0.25), RATE_HZ)
    found: list[AudioChunk | None] = []
    with Recording(tmp_path / "a.wav", speed=1) as recording:
        while not recording.ended:
            found.append(recording.read(0.05))
            assert pace.now_s - 1000 <= 0.05 * len(found) + 1e-9
    # Two chunks of 0.125 s, and the end.
    assert [chunk is None for chunk in found] == [True, True, False, True, True, False, True]
    assert sum(len(chunk.samples) for chunk in found if chunk) == round(0.25 * RATE_HZ)


def test_stop_ends_a_read_that_waits(tmp_path: Path) -> None:
    """Stopped from another thread, a recording played very slowly ends at once."""
    soundfile.write(tmp_path / "a.wav", tone(), RATE_HZ)
    with Recording(tmp_path / "a.wav", speed=0.001) as recording:
        stopper = threading.Thread(target=recording.stop)
        stopper.start()
        assert recording.read(60) is None
        stopper.join(10)
        assert recording.ended


def test_speed_of_nothing_is_refused() -> None:
    """A speed of zero would never come to an end."""
    with pytest.raises(ValueError, match="speed 0"):
        Recording("a.wav", speed=0)
