"""Pitch, voicing and envelope of sounds for which they are known."""

import numpy as np
import pytest

from convert.demo.speech import FRAME, N_FFT, RATE_HZ, Reals, analysed


def voice(pitch_hz: float, formant_hz: float, duration_s: float = 0.5) -> Reals:
    """(n,) pulses through one wide resonance."""
    length = round(duration_s * RATE_HZ)
    pulses = np.zeros(length)
    pulses[(np.arange(0, duration_s, 1 / pitch_hz) * RATE_HZ).astype(int)] = 1
    at_s = np.arange(400) / RATE_HZ
    return np.convolve(pulses, np.exp(-900 * at_s) * np.sin(2 * np.pi * formant_hz * at_s))[:length]


@pytest.mark.parametrize("pitch_hz", [80, 120, 210, 350])
def test_pitch_of_a_pulse_train(pitch_hz: float) -> None:
    """The pitch is within 2 %, not half or double."""
    speech = analysed(voice(pitch_hz, 700))
    assert speech.voiced.mean() > 0.9
    assert speech.mean_pitch_hz == pytest.approx(pitch_hz, rel=0.02)


def test_noise_is_not_voiced() -> None:
    """Silence has no voice either; its pitch is filled in for interpolation."""
    noise = np.random.default_rng(1).standard_normal(RATE_HZ)
    for sound in (noise, np.zeros(RATE_HZ)):
        speech = analysed(sound)
        assert speech.voiced.mean() < 0.05
        assert np.isfinite(speech.pitch_hz).all()
        assert np.isfinite(speech.envelope).all()


@pytest.mark.parametrize("formant_hz", [500, 1500, 3000])
def test_envelope_has_the_formant_and_no_harmonics(formant_hz: float) -> None:
    """The envelope peaks at the resonance, whatever the pitch."""
    speech = analysed(voice(150, formant_hz))
    middle = speech.envelope[len(speech.envelope) // 2]
    peak_hz = int(middle.argmax()) * RATE_HZ / N_FFT
    assert peak_hz == pytest.approx(formant_hz, abs=80)


def test_a_frame_is_5_ms() -> None:
    """The last frame starts where the sound ends."""
    speech = analysed(voice(150, 700, 1.0))
    assert len(speech.pitch_hz) == len(speech.voiced) == len(speech.envelope) == 1 + RATE_HZ // FRAME
