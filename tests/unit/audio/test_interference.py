"""Offset and hum: measured accurately under speech, and not reported for plain sound."""

from pathlib import Path

import numpy as np
import pytest

from edged.audio.interference import Interference, InterferenceMeter
from edged.features.logmel import Floats
from tests.parts.sound.speech import RATE_HZ, clips, noise, sine


def measured(sound: Floats, cut: int = 512) -> Interference:
    """The measurement of ``sound`` in blocks of a driver."""
    meter = InterferenceMeter()
    for at in range(0, len(sound), cut):
        meter.push(sound[at : at + cut].astype(np.float32))
    assert meter.newest is not None
    return meter.newest


def speech(corpora: Path) -> Floats:
    """Half a minute of two speakers."""
    return np.concatenate(clips(corpora, "emodb", 12))


@pytest.mark.parametrize("offset", [-0.2, 0.005, 0.05])
@pytest.mark.parametrize("mains_hz", [50, 60])
def test_offset_and_hum_beneath_speech(corpora: Path, offset: float, mains_hz: int) -> None:
    """They are measured to half a decibel and a thousandth of full scale."""
    voice = speech(corpora)
    hum = sine(mains_hz, len(voice) / RATE_HZ, 0.01 * np.sqrt(2))
    interference = measured(0.7 * voice + hum + np.float32(offset))
    assert interference.offset == pytest.approx(offset, abs=0.001)
    assert interference.hum_hz == mains_hz
    assert interference.hum_dbfs == pytest.approx(-40, abs=1)


@pytest.mark.parametrize("mains_hz", [49.8, 50.2, 59.9])
def test_hum_of_drifting_mains(mains_hz: float) -> None:
    """0.2 Hz off is still hum of 50 or 60 Hz."""
    interference = measured(noise(5, 1e-3) + sine(mains_hz, 5, 0.02))
    assert interference.hum_hz == round(mains_hz)


def test_speech_and_noise_are_no_hum(corpora: Path) -> None:
    """Silence, another low tone, and hum below -60 dBFS are no hum either."""
    for sound in (
        speech(corpora),
        noise(5),
        np.zeros(5 * RATE_HZ, np.float32),
        sine(47, 5, 0.02) + noise(5, 1e-3),
        sine(50, 5, 0.001) + noise(5, 1e-3),
    ):
        interference = measured(sound)
        assert interference == Interference(interference.offset)
        assert interference.described == ""


def test_hum_that_begins_is_not_claimed_at_once() -> None:
    """A tone for three of twenty seconds is a sound, not the microphone's hum."""
    sound = noise(20, 1e-3)
    sound[: 3 * RATE_HZ] += sine(50, 3, 0.05)
    assert measured(sound).hum_hz is None


def test_cut_does_not_matter() -> None:
    """A driver's blocks give the same result as one chunk."""
    sound = noise(4) + np.float32(0.03)
    assert measured(sound, 500) == measured(sound, len(sound))


def test_nothing_before_a_second() -> None:
    """The first result comes after exactly one second."""
    meter = InterferenceMeter()
    assert not meter.push(noise(0.999))
    assert meter.newest is None
    assert meter.push(noise(0.001))


def test_words_for_people() -> None:
    """The words of check and log."""
    assert Interference(0.021, 50, -41.2).described == (
        "a constant offset of 2.1 % of full scale and hum at 50 Hz, -41 dBFS"
    )
    assert Interference(0.004).described == ""
