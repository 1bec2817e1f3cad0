"""A clip as another voice, room and microphone would have given it: samples to samples, at random.

    samples (n,) ──speed, pitch──► ──room response──► ──noise 0 to 25 dB below──► ──microphone──► ──codec, gain──►
        samples (m,)

What log-mel alone cannot be given afterwards: reverberation with its phases, noises as they were recorded, the holes
that codecs leave.  Speed and pitch are changed apart: a resampled clip has both, a phase vocoder (Flanagan, Golden
1966) gives the length back.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, istft, sosfilt, stft

from convert.data.recordings import coded, resampled
from convert.recipes.spec import SoundSpec
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

CODECS = ("ulaw", "adpcm", "mp3")
_RATE_HZ = GEOMETRY.sample_rate_hz
_FRAME, _HOP = 512, 128  # of the vocoder, samples
_DIRECT_S = 0.0025  # of a room response is the voice itself
_FULL_SCALE = 0.99


def heard_elsewhere(samples: Floats, noise: Floats, spec: SoundSpec, rng: np.random.Generator) -> Floats:
    """(m,) ``samples`` (n,) changed at random; ``noise`` (k,) is laid under it as often as needed."""
    found = respoken(samples, 1 + rng.uniform(-spec.speed, spec.speed), rng.uniform(-spec.pitch, spec.pitch))
    if rng.random() < spec.room_p:
        found = fftconvolve(found, room(rng.uniform(*spec.room_s), rng.uniform(*spec.direct_db), rng))
    if rng.random() < spec.noise_p:
        found = over(found, noise, rng.uniform(*spec.noise_db), rng)
    if rng.random() < spec.microphone_p:
        band_hz = (rng.uniform(*spec.lowest_hz), rng.uniform(*spec.highest_hz))
        found = sosfilt(butter(2, band_hz, "bandpass", fs=_RATE_HZ, output="sos"), found)
    gain = 10 ** (rng.uniform(*spec.gain_db) / 20)
    level = np.clip(found / max(float(np.abs(found).max()), 1e-6) * gain, -_FULL_SCALE, _FULL_SCALE)
    ready = np.asarray(np.rint(level * 32768) / 32768, np.float32)  # what 16 bits keep of it
    return coded(ready, CODECS[rng.integers(len(CODECS))]) if rng.random() < spec.codec_p else ready


def respoken(samples: Floats, speed: float, semitones: float) -> NDArray[np.float64]:
    """(n / speed,) ``samples`` spoken so many times as fast, and so much higher."""
    higher = 2 ** (semitones / 12)
    shifted = resampled(samples, higher)
    rate = speed / higher
    if len(shifted) < _FRAME or rate == 1:
        return np.asarray(shifted, np.float64)
    _, _, spectra = stft(shifted, nperseg=_FRAME, noverlap=_FRAME - _HOP)
    places = np.arange(0, spectra.shape[1] - 1, rate)
    before = places.astype(int)
    size = np.abs(spectra)
    share = places - before
    sizes = size[:, before] * (1 - share) + size[:, before + 1] * share
    turns = np.angle(spectra[:, before + 1]) - np.angle(spectra[:, before])
    phases = np.angle(spectra[:, :1]) + np.cumsum(turns, axis=1) - turns[:, :1]
    _, found = istft(sizes * np.exp(1j * phases), nperseg=_FRAME, noverlap=_FRAME - _HOP)
    return np.asarray(found[: round(len(samples) / speed)], np.float64)


def room(reverberation_s: float, direct_db: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) the response of a room: the voice, then noise that falls by 60 dB within ``reverberation_s``."""
    time_s = np.arange(round(reverberation_s * _RATE_HZ)) / _RATE_HZ
    echoes = rng.standard_normal(len(time_s)) * 10 ** (-3 * time_s / reverberation_s)
    echoes[time_s < _DIRECT_S] = 0
    echoes *= 10 ** (-direct_db / 20) / np.sqrt(np.sum(echoes**2))
    echoes[0] = 1
    return np.asarray(echoes, np.float64)


def over(samples: NDArray[np.float64], noise: Floats, ratio_db: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) ``samples`` over ``noise`` from a random place, their mean powers ``ratio_db`` apart."""
    first = int(rng.integers(len(noise)))
    under = np.resize(np.roll(noise, -first), len(samples)).astype(np.float64)
    power = float(np.mean(under**2))
    if not power:
        return samples
    share = np.sqrt(float(np.mean(samples**2)) / power) * 10 ** (-ratio_db / 20)
    return np.asarray(samples + share * under, np.float64)
