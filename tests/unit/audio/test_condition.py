"""Gain and high-pass, compared with scipy's filter, at every cut, and after a gap."""

import itertools

import numpy as np
import pytest
import scipy.signal

from edged.audio.condition import Conditioner
from edged.audio.ring import AudioChunk
from edged.config.structs import Audio
from edged.features.logmel import Floats

RATE = 16_000


def noise(n: int) -> Floats:
    """(n,) samples at -20 dBFS with the offset of a cheap microphone."""
    return (0.1 * np.random.default_rng(3).standard_normal(n) + 0.05).astype(np.float32)


def conditioned(
    samples: Floats, cuts: list[int], *, gain_db: float = 0.0, highpass_hz: float = 0.0, remove_hum: bool = False
) -> Floats:
    """The conditioned samples, pushed in chunks that end at ``cuts``."""
    conditioner = Conditioner(gain_db=gain_db, highpass_hz=highpass_hz, remove_hum=remove_hum)
    edges = [0, *cuts, len(samples)]
    parts = [AudioChunk(samples[a:b], a, float(a)) for a, b in itertools.pairwise(edges)]
    return np.concatenate([conditioner.conditioned(part).samples for part in parts])


@pytest.mark.parametrize("highpass_hz", [1, 80, 120, 1000])
def test_highpass_is_butterworth(highpass_hz: float) -> None:
    """It equals scipy's second-order filter in the steady state of the first sample."""
    samples = noise(RATE)
    b, a = scipy.signal.butter(2, highpass_hz, "highpass", fs=RATE)
    expected, _ = scipy.signal.lfilter(b, a, samples.astype(float), zi=samples[0] * scipy.signal.lfilter_zi(b, a))
    np.testing.assert_allclose(conditioned(samples, [], highpass_hz=highpass_hz), expected, atol=1e-6)


@pytest.mark.parametrize("cuts", [[1], [127, 128, 129], [128], [5000, 5000], list(range(0, RATE, 512))])
def test_highpass_does_not_depend_on_the_cut(cuts: list[int]) -> None:
    """Any chunk size, from 0 samples to a driver's block, gives the same sound."""
    samples = noise(RATE)
    np.testing.assert_allclose(
        conditioned(samples, cuts, highpass_hz=100), conditioned(samples, [], highpass_hz=100), atol=1e-6
    )


@pytest.mark.parametrize("highpass_hz", [0, 10])
def test_notches_are_those_of_the_cookbook(highpass_hz: float) -> None:
    """They equal scipy's filters in series, alone and after the high-pass."""
    samples = noise(2 * RATE)
    expected = samples.astype(float)
    sections = [scipy.signal.iirnotch(hz, hz / 4, fs=RATE) for hz in (50, 60)]
    if highpass_hz:
        sections.insert(0, scipy.signal.butter(2, highpass_hz, "highpass", fs=RATE))
    for b, a in sections:
        expected, _ = scipy.signal.lfilter(b, a, expected, zi=expected[0] * scipy.signal.lfilter_zi(b, a))
    filtered = conditioned(samples, [], highpass_hz=highpass_hz, remove_hum=True)
    if not highpass_hz:
        np.testing.assert_allclose(filtered, expected, atol=1e-5)
    else:  # scipy's notches start at the high-pass' first sample, ours in its steady state, which is silence
        np.testing.assert_allclose(filtered[RATE:], expected[RATE:], atol=1e-5)


@pytest.mark.parametrize("mains_hz", [49.8, 50, 50.2, 59.8, 60, 60.2])
def test_hum_falls_by_20_db_and_speech_stays(mains_hz: float) -> None:
    """Hum falls by 20 dB despite the drift of the mains; from 80 Hz up, voices lose less than 0.5 dB."""
    seconds = np.arange(4 * RATE) / RATE
    for tone_hz, min_db, max_db in ((mains_hz, -400, -19), (80, -0.5, 0.1), (250, -0.1, 0.1), (3000, -0.1, 0.1)):
        tone = np.sin(2 * np.pi * tone_hz * seconds).astype(np.float32)
        rms = np.sqrt(np.mean(conditioned(tone, [], highpass_hz=10, remove_hum=True)[2 * RATE :] ** 2))
        assert min_db < 20 * np.log10(rms * np.sqrt(2)) < max_db


@pytest.mark.parametrize("offset", [0.005, 0.05, 0.2])
def test_offset_is_removed_by_default(offset: float) -> None:
    """With default settings an offset changes nothing after the first 0.1 s."""
    audio = Audio()
    samples = 0.1 * noise(2 * RATE)

    def after_start(x: Floats) -> Floats:
        return conditioned(x, [], highpass_hz=audio.highpass_hz, remove_hum=audio.remove_hum)

    np.testing.assert_allclose(after_start(samples + np.float32(offset)), after_start(samples), atol=1e-5)


def test_highpass_removes_hum_and_keeps_speech() -> None:
    """Mains hum falls by 12 dB per octave below the cutoff; the voice band stays."""
    seconds = np.arange(RATE) / RATE
    for tone_hz, expected_db in ((25, -24.1), (50, -12.3), (100, -3.0), (400, 0.0), (3000, 0.0)):
        tone = np.sin(2 * np.pi * tone_hz * seconds).astype(np.float32)
        rms = np.sqrt(np.mean(conditioned(tone, [], highpass_hz=100)[RATE // 2 :] ** 2))
        assert 20 * np.log10(rms * np.sqrt(2)) == pytest.approx(expected_db, abs=0.1)


def test_highpass_starts_anew_after_a_gap() -> None:
    """A constant offset is silence from the first sample, and so is another one after a gap."""
    conditioner = Conditioner(gain_db=0, highpass_hz=50)
    before = conditioner.conditioned(AudioChunk(np.full(300, 0.5, np.float32), 0, 0.0))
    after = conditioner.conditioned(AudioChunk(np.full(300, -0.25, np.float32), 1000, 0.0))
    assert np.abs(np.concatenate([before.samples, after.samples])).max() < 1e-6


@pytest.mark.parametrize(("gain_db", "factor"), [(20, 10.0), (-20, 0.1), (6.0206, 2.0), (40, 100.0)])
def test_gain_is_a_factor(gain_db: float, factor: float) -> None:
    """The gain is in decibels of amplitude; values beyond full scale are not clipped."""
    samples = noise(1000)
    np.testing.assert_allclose(conditioned(samples, [400], gain_db=gain_db), samples * factor, rtol=1e-5)


def test_nothing_configured_changes_nothing() -> None:
    """With both off, the same samples come out with their count and clock."""
    chunk = AudioChunk(noise(1000), 7, 123.0)
    same = Conditioner(gain_db=0, highpass_hz=0).conditioned(chunk)
    assert same.samples is chunk.samples
    assert (same.start, same.utc_s) == (7, 123.0)


def test_conditioned_leaves_the_input_alone() -> None:
    """The input is not modified."""
    samples = noise(1000)
    original = samples.copy()
    Conditioner(gain_db=20, highpass_hz=100).conditioned(AudioChunk(samples, 0, 0.0))
    np.testing.assert_array_equal(samples, original)
