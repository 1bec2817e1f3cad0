"""Synthetic sounds that are not speech: noise, hum, clicks, tones, chords, alarms.

kind, seed ──► samples (n,) float32, peak 0.5

Homes are full of them and no corpus has them all.  The seed determines colour, pitch and rhythm.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

LENGTH_S = 6.0
_RATE_HZ = GEOMETRY.sample_rate_hz
_PEAK = 0.5

Samples = NDArray[np.float64]


def made(kind: str, seed: int) -> Floats:
    """(n,) six seconds of ``kind``, the same for the same ``seed``."""
    rng = np.random.default_rng((sum(kind.encode()), seed))
    samples = KINDS[kind](rng, np.arange(round(LENGTH_S * _RATE_HZ)) / _RATE_HZ)
    samples = samples + _coloured(rng, len(samples), 1.0) * 10 ** rng.uniform(-5, -2)
    return np.asarray(samples / np.abs(samples).max() * _PEAK, np.float32)


def pink(n: int, seed: int) -> Floats:
    """(n,) noise of equal power in each octave, rms 1: the floor of a quiet room."""
    return np.asarray(_coloured(np.random.default_rng(seed), n, 1.0), np.float32)


def _coloured(rng: np.random.Generator, n: int, exponent: float) -> Samples:
    """(n,) noise whose power falls with frequency to the power of ``exponent``, rms 1."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum /= np.maximum(np.arange(len(spectrum)), 1) ** (exponent / 2)
    samples = np.fft.irfft(spectrum, n)
    return np.asarray(samples / samples.std(), np.float64)


def _noise(rng: np.random.Generator, time_s: Samples) -> Samples:
    """White to brown, steady or swelling as wind and traffic do."""
    swell = 1 + rng.uniform(0, 0.9) * np.sin(2 * np.pi * rng.uniform(0.05, 2) * time_s)
    return np.asarray(_coloured(rng, len(time_s), rng.uniform(0, 2)) * swell, np.float64)


def _hum(rng: np.random.Generator, time_s: Samples) -> Samples:
    """The mains, a motor, a fan: harmonics that stand still."""
    base_hz = rng.choice([50.0, 60.0, 100.0, 120.0, rng.uniform(30, 400)])
    total = np.zeros_like(time_s)
    for order in range(1, rng.integers(3, 30)):
        if order * base_hz < _RATE_HZ / 2:
            total += rng.uniform(0, 1) / order * np.sin(2 * np.pi * (order * base_hz * time_s + rng.random()))
    return total


def _clicks(rng: np.random.Generator, time_s: Samples) -> Samples:
    """Keys, taps, doors: noise that dies away within milliseconds, evenly or at random."""
    total = np.zeros_like(time_s)
    period_s = rng.uniform(0.06, 1.2)
    for start_s in np.arange(rng.uniform(0, period_s), LENGTH_S, period_s):
        at_s = time_s - start_s - rng.uniform(-0.3, 0.3) * period_s * rng.integers(0, 2)
        total += np.where(at_s >= 0, np.exp(-np.maximum(at_s, 0) / rng.uniform(0.001, 0.04)), 0) * rng.uniform(0.2, 1)
    return total * _coloured(rng, len(time_s), rng.uniform(0, 1.5))


def _tones(rng: np.random.Generator, time_s: Samples) -> Samples:
    """Music of sorts: one to four notes at once, each with harmonics and a decay, in a rhythm."""
    total = np.zeros_like(time_s)
    beat_s, n_voices = rng.uniform(0.12, 0.8), rng.integers(1, 5)
    brightness, decay_s = rng.uniform(0.3, 0.9), rng.uniform(0.1, 1.5)
    for start_s in np.arange(0, LENGTH_S, beat_s):
        first = int(np.searchsorted(time_s, start_s))
        at_s = time_s[first:] - start_s
        envelope = np.exp(-at_s / decay_s)
        for note in rng.integers(36, 90, n_voices):
            note_hz = 440 * 2 ** ((note - 69) / 12)
            for order in range(1, 8):
                if order * note_hz < _RATE_HZ / 2:
                    total[first:] += envelope * brightness**order * np.sin(2 * np.pi * order * note_hz * at_s)
    return total


def _alarm(rng: np.random.Generator, time_s: Samples) -> Samples:
    """Beeps and sirens: one tone, on and off or gliding."""
    pitch_hz = rng.uniform(300, 3500) * (1 + rng.choice([0, 0.3]) * np.sin(2 * np.pi * rng.uniform(0.2, 4) * time_s))
    gate = np.sin(2 * np.pi * rng.uniform(0.3, 5) * time_s) > rng.choice([-1.0, 0.0, 0.5])
    phase = 2 * np.pi * np.cumsum(pitch_hz) / _RATE_HZ
    return np.asarray((np.sin(phase) + rng.uniform(0, 0.5) * np.sin(2 * phase)) * gate, np.float64)


KINDS: dict[str, Callable[[np.random.Generator, Samples], Samples]] = {
    "noise": _noise,
    "hum": _hum,
    "clicks": _clicks,
    "tones": _tones,
    "alarm": _alarm,
}
