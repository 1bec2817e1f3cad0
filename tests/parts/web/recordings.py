"""Recordings of calls from the sample conversation: two parties on two channels, or both on one.

sample.flac ──turns of 8 s──► (n, 2): the customer on the left, the agent on the right
"""

import io
import wave
from pathlib import Path

import numpy as np
import soundfile

from edged.demo.sample import SAMPLE
from edged.features.logmel import Floats

TURN_S = 8


def stereo(seconds: float = 48.0) -> tuple[Floats, int]:
    """Samples (n, 2) and their rate: the parties take turns."""
    samples, rate_hz = soundfile.read(SAMPLE, dtype="float32")
    n = round(seconds * rate_hz)
    samples = np.tile(samples, -(-n // len(samples)))[:n]  # a longer call says it all again
    is_left = (np.arange(len(samples)) // (TURN_S * rate_hz)) % 2 == 0
    return np.stack([samples * is_left, samples * ~is_left], axis=1).astype(np.float32), int(rate_hz)


def written(path: Path, seconds: float = 48.0) -> Path:
    """A stereo WAV file at ``path``."""
    samples, rate_hz = stereo(seconds)
    soundfile.write(path, samples, rate_hz)
    return path


def silence(path: Path, seconds: int = 1800) -> Path:
    """A mono WAV file without speech, half an hour long: its analysis does not end before a test does something."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(bytes([128]) * 8000 * seconds)
    return path


def as_bytes(kind: str = "WAV", subtype: str | None = None, seconds: float = 2.0) -> bytes:
    """A short mono sound file in memory."""
    samples, rate_hz = stereo(seconds)
    stream = io.BytesIO()
    soundfile.write(stream, samples[:, 0], rate_hz, format=kind, subtype=subtype)
    return stream.getvalue()
