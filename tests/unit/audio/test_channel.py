"""Choice of the channel with speech in files and live, next to inverted, delayed, hissing and empty channels."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.audio.channel import ChannelChooser, best_channel, step_powers
from edged.audio.recording import Recording
from edged.audio.ring import Ring
from edged.config.structs import Audio
from edged.errors import CaptureError, RecordingError
from edged.features.logmel import Floats
from tests.parts.broker.mosquitto import wait_until
from tests.parts.sound.scripted import RATE, SIZE, Running, ScriptedStream, clock, read_all
from tests.parts.sound.speech import RATE_HZ, noise

__all__ = ["clock"]


def syllables(duration_s: float) -> Floats:
    """(n,) noise bursts of 0.2 s with pauses of 0.2 s, the only property that the choice depends on."""
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return np.asarray(noise(duration_s) * (time_s % 0.4 < 0.2) + 1e-3 * noise(duration_s), np.float32)


VOICE = syllables(6)
HISS = noise(6, 0.03)[::-1]
SECOND: dict[str, Callable[[Floats], Floats]] = {
    "the same": lambda voice: voice,
    "inverted": lambda voice: -voice,
    "0.5 ms later": lambda voice: np.roll(voice, 8),
    "hissing": lambda voice: voice + HISS,
    "hiss alone": lambda _voice: HISS,
    "empty": np.zeros_like,
    "offset": lambda voice: np.full_like(voice, 0.2),
}


@pytest.mark.parametrize("beside", SECOND)
@pytest.mark.parametrize("rate_hz", [RATE_HZ, 48_000])
def test_file_is_read_from_the_channel_with_speech(tmp_path: Path, beside: str, rate_hz: int) -> None:
    """Whatever the other channel has, and on either side, the voice's own channel is read."""
    settings = Audio(highpass_hz=0, remove_hum=False)
    ratio = rate_hz // RATE_HZ
    for order in (1, -1):
        both = np.stack([VOICE, SECOND[beside](VOICE)][::order], axis=1)
        soundfile.write(tmp_path / "a.wav", np.repeat(both, ratio, axis=0), rate_hz, "FLOAT")
        with Recording(tmp_path / "a.wav", audio=settings) as recording:
            chunks = [chunk.samples for chunk in iter(lambda: recording.read(1), None)]
        voice = np.repeat(VOICE, ratio) if ratio == 1 else VOICE
        correlation = float(np.corrcoef(np.concatenate(chunks), voice)[0, 1])
        alike = {"inverted", "0.5 ms later"}  # both channels have a voice, so the first is used
        if beside not in alike or order == 1:
            assert correlation > 0.8


@pytest.mark.parametrize(("channel", "n"), [(1, 0), (2, 1), (3, 2)])
def test_file_is_read_from_the_channel_of_the_config(tmp_path: Path, channel: int, n: int) -> None:
    """A configured channel is read, whatever the channels contain."""
    channels = np.stack([VOICE, HISS, np.zeros_like(VOICE)], axis=1)
    soundfile.write(tmp_path / "a.wav", channels, RATE_HZ, "FLOAT")
    with Recording(tmp_path / "a.wav", audio=Audio(channel=channel, highpass_hz=0, remove_hum=False)) as recording:
        chunk = recording.read(1)
    assert chunk is not None
    np.testing.assert_array_equal(chunk.samples, channels[:RATE_HZ, n])


def test_file_without_the_channel_is_refused_unless_it_is_mono(tmp_path: Path) -> None:
    """A mono file has only one channel to read; channel 4 of a stereo file is an error."""
    soundfile.write(tmp_path / "mono.wav", VOICE, RATE_HZ)
    soundfile.write(tmp_path / "stereo.wav", np.stack([VOICE, VOICE], axis=1), RATE_HZ)
    with Recording(tmp_path / "mono.wav", audio=Audio(channel=4)) as recording:
        assert recording.read(1) is not None
    with pytest.raises(RecordingError, match=r"stereo\.wav: has 2 channels; expected audio\.channel to be one of them"):
        Recording(tmp_path / "stereo.wav", audio=Audio(channel=4)).__enter__()


def test_chosen_channel_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file with several channels gives one log line."""
    caplog.set_level(logging.INFO)
    soundfile.write(tmp_path / "a.wav", np.stack([HISS, VOICE], axis=1), RATE_HZ)
    with Recording(tmp_path / "a.wav"):
        pass
    assert caplog.messages == [f"{tmp_path / 'a.wav'}: channel 2 of 2 has the speech"]


def test_no_channel_of_nothing() -> None:
    """A file that is too short, silent or NaN gets its first channel."""
    assert best_channel(step_powers(np.zeros((10, 2)), RATE_HZ)[:0]) == 0
    assert best_channel(np.zeros((100, 2))) == 0
    assert best_channel(np.full((100, 2), np.nan)) == 0


def fed(chooser: ChannelChooser, left: Floats, right: Floats) -> list[int]:
    """Blocks of 32 ms at which the channel changed."""
    both = np.rint(np.stack([left, right], axis=1) * 32767).astype(np.int16)
    blocks = both[: len(both) // 512 * 512].reshape(-1, 512, 2)
    return [number for number, block in enumerate(blocks) if chooser.changed(block, RATE_HZ)]


@pytest.mark.parametrize("beside", SECOND)
def test_live_choice_stays_where_speech_is(beside: str) -> None:
    """With the voice in the first channel nothing changes, whatever the other contains."""
    chooser = ChannelChooser(2)
    assert fed(chooser, VOICE, SECOND[beside](VOICE)) == []
    assert chooser.index == 0


def test_live_choice_of_the_right_slot() -> None:
    """An empty left channel is left within 0.5 s; one with hiss at -75 dBFS within 2 s of the voice."""
    chooser = ChannelChooser(2)
    assert [number * 0.032 < 0.6 for number in fed(chooser, np.zeros_like(VOICE), VOICE)] == [True]
    assert chooser.index == 1
    chooser = ChannelChooser(2)
    hiss = np.asarray(noise(6, 1.8e-4)[::-1], np.float32)
    assert [number * 0.032 < 2.0 for number in fed(chooser, hiss, VOICE)] == [True]
    assert chooser.index == 1


def test_live_choice_does_not_go_to_and_fro() -> None:
    """Two microphones that are better in turn cause at most one change in two minutes."""
    chooser = ChannelChooser(2)
    slow = np.sin(2 * np.pi * np.arange(120 * RATE_HZ) / (20 * RATE_HZ))
    voice, floor = np.tile(VOICE, 20), noise(120, 0.003)
    gains = 10 ** (3 * slow / 20)
    assert len(fed(chooser, voice * gains + floor, voice / gains + floor[::-1])) <= 1


def test_fixed_channel_does_not_change() -> None:
    """A configured channel never changes."""
    chooser = ChannelChooser(2, fixed=0)
    assert fed(chooser, np.zeros_like(VOICE), VOICE) == []


@pytest.mark.usefixtures("clock")
def test_change_of_channel_is_a_gap() -> None:
    """Samples of two microphones are not joined: the next chunk starts after a gap."""
    ring = Ring(10 * RATE)
    both = np.rint(np.stack([np.zeros_like(VOICE), VOICE], axis=1) * 32767).astype(np.int16)
    n_blocks = len(both) // SIZE
    stream = ScriptedStream([(both[at * SIZE : (at + 1) * SIZE], False) for at in range(n_blocks)])
    running = Running(stream, ring, n_channels=2)
    wait_until(lambda: ring.n_written == (n_blocks - 1) * SIZE, "all but the last block")
    running.close()
    first, second = read_all(ring)
    assert not first.samples.any()
    assert second.start == len(first.samples) + 1
    assert (ring.n_gaps, ring.n_lost) == (1, 0)
    np.testing.assert_array_equal(
        second.samples, both[len(first.samples) :, 1][: len(second.samples)] / np.float32(32768)
    )


def test_absent_channel_of_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channel 3 of a card with two is a one-line error."""
    from edged.audio import driver  # noqa: PLC0415
    from tests.unit.audio.test_driver import PickyPortAudio  # noqa: PLC0415

    monkeypatch.setattr(driver, "load", PickyPortAudio)
    with pytest.raises(CaptureError, match=r"'Picky: .*' has 2 channels; expected audio\.channel to be one of them"):
        driver.opened(driver.microphones()[0], 3)
