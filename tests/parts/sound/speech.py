"""Samples for tests: real speech from the corpora, and synthetic sounds."""

from pathlib import Path

import numpy as np
import soundfile

from edged.features.logmel import Floats

RATE_HZ = 16_000
SPEECH_S = 24.0  # length of the fixture ``speech``, from the sample conversation


def clips(corpora: Path, corpus: str, count: int) -> list[Floats]:
    """``count`` clips (n,) of ``corpus`` at 16 kHz, evenly spread over its files, the same ones on each call."""
    files = sorted((corpora / corpus).glob("*.flac"))
    chosen = [files[place] for place in np.linspace(0, len(files) - 1, count).astype(int)]
    return [samples(file) for file in chosen]


def samples(file: Path) -> Floats:
    """(n,) samples of a mono 16 kHz recording, as all FLAC files of the corpora are."""
    read, rate_hz = soundfile.read(file, dtype="float32")
    assert rate_hz == RATE_HZ
    return np.asarray(read, np.float32)


def sine(frequency_hz: float, duration_s: float, amplitude: float = 1.0, rate_hz: int = RATE_HZ) -> Floats:
    """(n,) samples of a sine."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return np.asarray(amplitude * np.sin(2 * np.pi * frequency_hz * time_s), np.float32)


def tone(rate_hz: int = RATE_HZ, duration_s: float = 1.0, frequency_hz: float = 440.0) -> Floats:
    """(n,) samples of a sine at half of full scale."""
    return sine(frequency_hz, duration_s, 0.5, rate_hz)


def noise(duration_s: float, amplitude: float = 0.1) -> Floats:
    """(n,) samples of white noise, the same on each call."""
    generator = np.random.default_rng(7)
    return np.asarray(amplitude * generator.standard_normal(round(duration_s * RATE_HZ)), np.float32)
