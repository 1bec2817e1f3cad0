"""The level, which is published rarely."""

import numpy as np
import pytest

from edged.contract.payloads import Level
from edged.features.logmel import Floats
from edged.pipeline.level import LevelMeter, peak_of
from tests.parts.sound.speech import RATE_HZ, sine


def published(meter: LevelMeter, sound: Floats, *, clipped: bool = False) -> list[Level]:
    """Levels published for sound in blocks of half a second."""
    blocks = np.split(sound, len(sound) // 8000)
    return [level for block in blocks if (level := meter.measure(block, 0.0, peak=peak_of(block), clipped=clipped))]


def test_rms_and_peak_of_a_sine() -> None:
    """The rms of a sine is its amplitude minus 3.01 dB; the time stamp is that of the end."""
    (level,) = published(LevelMeter(), sine(1000, 5.0, 0.1))
    assert level.level_dbfs == pytest.approx(-23.0, abs=0.05)
    assert level.peak_dbfs == pytest.approx(-20.0, abs=0.05)
    assert level.time == "1970-01-01T00:00:00.500Z"


def test_silence_has_the_floor() -> None:
    """Digital silence is -96 dBFS and never 0."""
    (level,) = published(LevelMeter(), np.zeros(5 * RATE_HZ, np.float32))
    assert (level.level_dbfs, level.peak_dbfs) == (-96.0, -96.0)


def test_dead_band() -> None:
    """A change of 2 dB is not published, one of 4 dB is."""
    meter = LevelMeter()
    assert len(published(meter, sine(1000, 5.0, 0.1))) == 1
    assert published(meter, sine(1000, 5.0, 0.1 * 10 ** (2 / 20))) == []
    assert len(published(meter, sine(1000, 5.0, 0.1 * 10 ** (4 / 20)))) == 1


def test_steady_level_is_published_each_minute() -> None:
    """Two minutes at one level give the first message, then one a minute."""
    assert len(published(LevelMeter(), sine(1000, 125.0, 0.1))) == 3


def test_clipping_of_the_five_seconds() -> None:
    """Clipping is reported once for its five seconds."""
    meter = LevelMeter()
    (level,) = published(meter, sine(1000, 5.0, 1.0), clipped=True)
    assert level.clipping
    (level,) = published(meter, sine(1000, 5.0, 0.1))
    assert not level.clipping
