"""The delivery changes the speech of the vocoder."""

from typing import Any

import msgspec
import numpy as np
import pytest

from convert.demo.speech import RATE_HZ, Reals, Speech, analysed
from convert.demo.vocoder import Delivery, spoken
from tests.convert.demo.test_speech import voice

PLAIN = Delivery(
    pitch_hz=150,
    pitch_range=1,
    pitch_slope_st=0,
    tempo=1,
    formants=1,
    tilt_db=0,
    breath=0,
    dynamics=1,
    tremor_st=0,
    tremor_db=0,
    tremor_hz=5,
    jitter=0,
)


@pytest.fixture(scope="module")
def speech() -> Speech:
    """A second of one vowel."""
    return analysed(voice(150, 1000, 1.0))


def said(speech: Speech, **changes: Any) -> Reals:  # noqa: ANN401 -- the fields of a delivery
    """Speech with the plain delivery, changed by ``changes``."""
    return spoken(speech, msgspec.structs.replace(PLAIN, **changes), 1)


def centre_hz(sound: Reals) -> float:
    """Centroid of the spectrum's energy."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    return float(power @ np.fft.rfftfreq(len(sound), 1 / RATE_HZ) / power.sum())


@pytest.mark.parametrize("pitch_hz", [100, 150, 300])
def test_pitch(speech: Speech, pitch_hz: float) -> None:
    """A second analysis gives the same values."""
    assert analysed(said(speech, pitch_hz=pitch_hz)).mean_pitch_hz == pytest.approx(pitch_hz, rel=0.02)


def test_pitch_falls_and_trembles(speech: Speech) -> None:
    """The pitch moves by the semitones of the delivery."""
    falling = analysed(said(speech, pitch_slope_st=-6)).pitch_hz
    assert 12 * np.log2(falling[20] / falling[-20]) == pytest.approx(6 * 0.8, abs=0.4)
    trembling = analysed(said(speech, tremor_st=1)).pitch_hz[20:-20]
    assert 12 * np.log2(trembling.max() / trembling.min()) == pytest.approx(2, abs=0.4)


def test_tempo(speech: Speech) -> None:
    """A higher tempo is shorter at the same pitch."""
    fast = said(speech, tempo=1.25)
    assert len(fast) == pytest.approx(0.8 * RATE_HZ, rel=0.02)
    assert analysed(fast).mean_pitch_hz == pytest.approx(150, rel=0.02)


def test_timbre(speech: Speech) -> None:
    """Formants move; effort and breath add energy at high frequencies."""
    plain = centre_hz(said(speech))
    assert centre_hz(said(speech, formants=1.15)) == pytest.approx(1.15 * plain, rel=0.05)
    assert centre_hz(said(speech, tilt_db=5)) > 1.05 * plain
    assert centre_hz(said(speech, tilt_db=-5)) < 0.95 * plain


def test_whisper_has_no_pitch(speech: Speech) -> None:
    """Everything is noise."""
    assert analysed(said(speech, breath=1)).voiced.mean() < 0.2


def test_level_and_repetition(speech: Speech) -> None:
    """Rms is 1 for every delivery, and equal seeds give equal samples."""
    one = said(speech, breath=0.3, jitter=0.02)
    assert float(np.sqrt(np.mean(one**2))) == pytest.approx(1)
    np.testing.assert_array_equal(one, said(speech, breath=0.3, jitter=0.02))
