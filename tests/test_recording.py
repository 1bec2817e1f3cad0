"""Recordings: every kind of sound file comes out as 16 kHz mono, and what would give a wrong answer is refused."""

import os
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.audio.recording import Recording
from edged.audio.ring import Floats, Stretch
from edged.config import Audio
from edged.errors import RecordingError

RATE = 16_000


def tone(rate_hz: int = RATE, duration_s: float = 1.0, frequency_hz: float = 440.0) -> Floats:
    """A sine of half full scale."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return np.asarray(0.5 * np.sin(2 * np.pi * frequency_hz * time_s), np.float32)


def collect(path: Path, found: list[Stretch], speed: float | None = None) -> None:
    """Adds to ``found`` what a recording gives, until it ends or fails."""
    with Recording(path, speed=speed) as recording:
        while not recording.ended:
            stretch = recording.read(1)
            if stretch is not None:
                found.append(stretch)


def stretches(path: Path, speed: float | None = None) -> list[Stretch]:
    """All that a recording gives."""
    found: list[Stretch] = []
    collect(path, found, speed)
    return found


def samples(path: Path) -> Floats:
    """All samples of a recording."""
    return np.concatenate([stretch.samples for stretch in stretches(path)])


def faulty(path: Path) -> tuple[list[Stretch], str]:
    """What a recording gives before its fault, and the fault."""
    found: list[Stretch] = []
    with pytest.raises(RecordingError) as caught:
        collect(path, found)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return found, message.removeprefix(f"{path}: ")


def near(found: Floats, expected: Floats, tolerance: float) -> bool:
    """Whether both are as long, and alike away from the ends, where filters see zeros."""
    return len(found) == len(expected) and bool(np.all(np.abs(found - expected)[1000:-1000] < tolerance))


def test_gain_and_highpass_are_those_of_the_microphone(tmp_path: Path) -> None:
    """A recording sounds as the microphone does with the same config: an offset is removed, the rest is amplified."""
    samples = (0.1 * np.sin(2 * np.pi * 1000 * np.arange(4 * 16_000) / 16_000) + 0.3).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
    with Recording(tmp_path / "a.wav", audio=Audio(gain_db=6.0206, highpass_hz=50)) as recording:
        heard = []
        while (stretch := recording.read(1)) is not None:
            heard.append(stretch.samples)
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
        assert recording.n_clipped == n


def test_float_wav_comes_out_unchanged(tmp_path: Path) -> None:
    """16 kHz mono float is what is wanted already: every sample is the same."""
    expected = tone(duration_s=2.5)
    soundfile.write(tmp_path / "a.wav", expected, RATE, "FLOAT")
    np.testing.assert_array_equal(samples(tmp_path / "a.wav"), expected)


@pytest.mark.parametrize(
    ("subtype", "tolerance"),
    [("PCM_U8", 0.01), ("PCM_16", 1e-4), ("PCM_24", 1e-6), ("PCM_32", 1e-6), ("DOUBLE", 1e-6), ("ULAW", 0.02)],
)
def test_width_does_not_matter(tmp_path: Path, subtype: str, tolerance: float) -> None:
    """8, 16, 24, 32 bits, double and telephone's logarithm are the same sound to within their own steps."""
    soundfile.write(tmp_path / "a.wav", tone(), RATE, subtype)
    assert near(samples(tmp_path / "a.wav"), tone(), tolerance)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_rate_does_not_matter(tmp_path: Path, rate_hz: int) -> None:
    """From a telephone's 8 kHz to a studio's 96 kHz the tone is the same tone at 16 kHz."""
    soundfile.write(tmp_path / "a.wav", tone(rate_hz, 2.0), rate_hz, "FLOAT")
    assert near(samples(tmp_path / "a.wav"), tone(RATE, 2.0), 0.005)


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
    assert near(samples(tmp_path / name), tone(RATE, 2.0), 0.05)


@pytest.mark.parametrize("speed", [None, 50])
@pytest.mark.parametrize(
    ("form", "subtype"), [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]
)
def test_blocks_are_the_same_as_the_whole(tmp_path: Path, form: str, subtype: str, speed: float | None) -> None:
    """Decoding block by block loses nothing of what formats carry over from one to the next."""
    soundfile.write(tmp_path / "a", tone(duration_s=4), RATE, subtype, format=form)
    whole, _ = soundfile.read(tmp_path / "a", dtype="float32")
    np.testing.assert_allclose(np.concatenate([s.samples for s in stretches(tmp_path / "a", speed)]), whole, atol=1e-6)


def test_name_does_not_matter(tmp_path: Path) -> None:
    """A FLAC file that is named .wav is read for what it is."""
    soundfile.write(tmp_path / "a.flac", tone(), RATE)
    (tmp_path / "a.flac").rename(tmp_path / "a.wav")
    assert len(samples(tmp_path / "a.wav")) == RATE


def test_stereo_is_averaged(tmp_path: Path) -> None:
    """Two channels become their mean."""
    left, right = tone(), tone(frequency_hz=200)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], axis=1), RATE, "FLOAT")
    np.testing.assert_allclose(samples(tmp_path / "a.wav"), (left + right) / 2, atol=1e-7)


def test_beyond_full_scale_is_kept(tmp_path: Path) -> None:
    """A float file may be louder than full scale: what is finite is not clipped."""
    soundfile.write(tmp_path / "a.wav", 40 * tone(), RATE, "FLOAT")
    np.testing.assert_array_equal(samples(tmp_path / "a.wav"), 40 * tone())


@pytest.mark.parametrize("rate_hz", [RATE, 44_100])
def test_counts_follow_on(tmp_path: Path, rate_hz: int) -> None:
    """Each stretch starts where the last one ended, in samples and by the wall clock; none is far over a second."""
    soundfile.write(tmp_path / "a.wav", tone(rate_hz, 4.6), rate_hz)
    before_s = time.time()
    found = stretches(tmp_path / "a.wav")
    assert before_s <= found[0].utc_s <= time.time()
    count = 0
    for stretch in found:
        assert stretch.start == count
        assert stretch.utc_s == pytest.approx(found[0].utc_s + count / RATE, abs=1e-4)
        assert len(stretch.samples) <= 1.1 * RATE
        count += len(stretch.samples)
    assert count == round(4.6 * RATE)


def test_tenth_of_a_second(tmp_path: Path) -> None:
    """A clip far below a window comes out whole."""
    soundfile.write(tmp_path / "a.wav", tone(44_100, 0.1), 44_100)
    assert len(samples(tmp_path / "a.wav")) == 1600


def test_hour_of_silence_costs_no_memory(tmp_path: Path) -> None:
    """An hour is 230 MB as float samples; reading it through takes less than a tenth of that beyond the start."""
    path = tmp_path / "hour.wav"
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as file:
        for _ in range(60):
            file.write(np.zeros(60 * RATE, np.int16))
    script = """
import resource, sys
from edged.audio.recording import Recording
from edged.config import Audio
def peak_kb(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
n = 0
with Recording(sys.argv[1]) as recording:
    recording.read(1)
    at_first_kb = peak_kb()
    while not recording.ended:
        stretch = recording.read(1)
        n += 0 if stretch is None else len(stretch.samples)
assert n == 3599 * 16000, n
assert peak_kb() - at_first_kb < 20_000, (at_first_kb, peak_kb())
"""
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=120)


def test_real_speech_is_the_same(corpora: Path) -> None:
    """A corpus clip comes out as libsndfile decodes it."""
    path = min((corpora / "emodb").glob("*.flac"))
    expected, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(samples(path), expected)


def test_missing_file() -> None:
    """A name that leads nowhere."""
    with pytest.raises(RecordingError, match=r"^/no/such\.wav: no such file; expected wav, flac, ogg, opus or mp3$"):
        Recording("/no/such.wav").__enter__()


def test_directory(tmp_path: Path) -> None:
    """A folder is no sound."""
    assert faulty(tmp_path)[1] == "is a directory; expected a sound file"


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A named pipe would be waited for without end."""
    os.mkfifo(tmp_path / "a.wav")
    assert faulty(tmp_path / "a.wav")[1] == "is not a regular file; expected a sound file"


def test_file_without_permission(tmp_path: Path) -> None:
    """A file of somebody else's, for root too: the test becomes nobody while it opens it."""
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), RATE)
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
    """No byte at all."""
    (tmp_path / "a.wav").touch()
    assert faulty(tmp_path / "a.wav")[1] == "is empty (0 bytes); expected wav, flac, ogg, opus or mp3"


def test_text_named_wav(tmp_path: Path) -> None:
    """Something that is no sound says so, with what libsndfile thinks of it."""
    (tmp_path / "a.wav").write_text("dear diary\n" * 50)
    message = faulty(tmp_path / "a.wav")[1]
    assert message.startswith("cannot be decoded (")
    assert message.endswith("; expected wav, flac, ogg, opus or mp3")


def test_raw_samples(tmp_path: Path) -> None:
    """Samples without a header have no rate that could be known."""
    (tmp_path / "a.raw").write_bytes(bytes(32_000))
    assert "no known rate" in faulty(tmp_path / "a.raw")[1]


@pytest.mark.parametrize("n_bytes", [1, 12, 20, 36])
def test_truncated_header(tmp_path: Path, n_bytes: int) -> None:
    """A wav file that ends within its header."""
    soundfile.write(tmp_path / "a.wav", tone(), RATE)
    os.truncate(tmp_path / "a.wav", n_bytes)
    assert faulty(tmp_path / "a.wav")[1].startswith("cannot be decoded (")


def test_no_samples(tmp_path: Path) -> None:
    """A header and nothing behind it."""
    soundfile.write(tmp_path / "a.wav", tone()[:0], RATE)
    assert faulty(tmp_path / "a.wav") == ([], "holds no samples; expected some sound")


@pytest.mark.parametrize("rate_hz", [1_000, 768_000])
def test_rate_that_no_microphone_has(tmp_path: Path, rate_hz: int) -> None:
    """A rate beyond all reason is a broken header, and would cost its block in memory."""
    soundfile.write(tmp_path / "a.wav", tone()[:100], rate_hz)
    assert faulty(tmp_path / "a.wav")[1] == f"sample rate {rate_hz} Hz; expected 4000 to 384000 Hz"


@pytest.mark.parametrize(("value", "text"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf"), (1e30, "1e+30")])
def test_sample_that_is_no_sound(tmp_path: Path, value: float, text: str) -> None:
    """NaN, infinite and absurd samples are named with the second they stand at; what comes before is handed out."""
    wrong = np.stack([tone(duration_s=3), tone(duration_s=3)], axis=1)
    wrong[20_000, 1] = value
    soundfile.write(tmp_path / "a.wav", wrong, RATE, "FLOAT")
    found, message = faulty(tmp_path / "a.wav")
    assert message == f"a sample of {text} at 1.250 s; expected finite numbers, full scale is 1"
    np.testing.assert_allclose(np.concatenate([s.samples for s in found]), tone(duration_s=3)[:20_000], atol=1e-7)


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
    """Half a file gives about half of its sound (less a block that cannot be decoded), then says that it is cut off."""
    whole = np.random.default_rng(3).standard_normal(10 * 48_000).astype(np.float32) / 10
    soundfile.write(tmp_path / name, whole, 48_000, subtype, format=form)
    os.truncate(tmp_path / name, (tmp_path / name).stat().st_size // 2)
    found, message = faulty(tmp_path / name)
    assert 3.5 < sum(len(stretch.samples) for stretch in found) / RATE < 5.5
    assert "cut off after " in message


def test_wav_written_to_a_pipe(tmp_path: Path) -> None:
    """A writer that could not know the length puts the largest number there; the file is whole all the same."""
    soundfile.write(tmp_path / "a.wav", tone(), RATE)
    written = bytearray((tmp_path / "a.wav").read_bytes())
    written[4:8] = written[40:44] = struct.pack("<I", 0xFFFF_FFFF)
    (tmp_path / "a.wav").write_bytes(written)
    assert len(samples(tmp_path / "a.wav")) == RATE


def test_nothing_comes_after_a_fault(tmp_path: Path) -> None:
    """A recording that failed has ended; asked again it gives nothing."""
    soundfile.write(tmp_path / "a.wav", tone()[:0], RATE)
    with Recording(tmp_path / "a.wav") as recording:
        with pytest.raises(RecordingError):
            recording.read(1)
        assert recording.ended
        assert recording.read(1) is None


def test_real_time_takes_its_time(tmp_path: Path) -> None:
    """At speed 1 no stretch comes before it could have been heard, nor much later."""
    soundfile.write(tmp_path / "a.wav", tone(duration_s=0.6), RATE)
    with Recording(tmp_path / "a.wav", speed=1) as recording:
        began_s = time.monotonic()
        n = 0
        while not recording.ended:
            stretch = recording.read(5)
            if stretch is not None:
                n += len(stretch.samples)
                assert time.monotonic() - began_s >= n / RATE - 0.01
    assert n == round(0.6 * RATE)
    assert time.monotonic() - began_s < 5


def test_speed_divides_the_time(tmp_path: Path) -> None:
    """At speed 100 a minute takes 0.6 s."""
    soundfile.write(tmp_path / "a.wav", tone(duration_s=60), RATE)
    began_s = time.monotonic()
    with Recording(tmp_path / "a.wav", speed=100) as recording:
        while not recording.ended:
            recording.read(5)
    assert 0.58 <= time.monotonic() - began_s < 6


def test_read_that_is_not_due_returns_in_time(tmp_path: Path) -> None:
    """What is not due within the timeout comes with a later read; nothing is lost by asking too early."""
    soundfile.write(tmp_path / "a.wav", tone(duration_s=0.3), RATE)
    n = n_early = 0
    with Recording(tmp_path / "a.wav", speed=1) as recording:
        while not recording.ended:
            stretch = recording.read(0.02)
            n += 0 if stretch is None else len(stretch.samples)
            n_early += stretch is None
    assert n == round(0.3 * RATE)
    assert n_early > 5


def test_stop_ends_a_read_that_waits(tmp_path: Path) -> None:
    """Stopped from another thread, a recording played very slowly ends at once."""
    soundfile.write(tmp_path / "a.wav", tone(), RATE)
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
