"""A clip in another voice, room and microphone: samples to samples, at random.

    samples (n,) ──speed, pitch──► ──room response──► ──noise 0 to 25 dB below──► ──microphone──► ──codec, gain──►
        samples (m,)

This adds what cannot be added to log-mel afterwards: reverberation with its phases, recorded noises, the gaps that
codecs leave.  Speed and pitch are changed independently: resampling changes both, and a phase vocoder (Flanagan, Golden
1966) restores the length.
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
_DIRECT_S = 0.0025  # a room response starts with the direct sound
_FULL_SCALE = 0.99


def heard_elsewhere(samples: Floats, noise: Floats, spec: SoundSpec, rng: np.random.Generator) -> Floats:
    """(m,) ``samples`` (n,) changed at random; ``noise`` (k,) is repeated to their length and mixed in."""
    changed = respoken(samples, 1 + rng.uniform(-spec.speed, spec.speed), rng.uniform(-spec.pitch, spec.pitch))
    if rng.random() < spec.room_p:
        changed = fftconvolve(changed, room(rng.uniform(*spec.room_s), rng.uniform(*spec.direct_db), rng))
    if rng.random() < spec.noise_p:
        changed = over(changed, noise, rng.uniform(*spec.noise_db), rng)
    if rng.random() < spec.microphone_p:
        band_hz = (rng.uniform(*spec.lowest_hz), rng.uniform(*spec.highest_hz))
        changed = sosfilt(butter(2, band_hz, "bandpass", fs=_RATE_HZ, output="sos"), changed)
    gain = 10 ** (rng.uniform(*spec.gain_db) / 20)
    level = np.clip(changed / max(float(np.abs(changed).max()), 1e-6) * gain, -_FULL_SCALE, _FULL_SCALE)
    ready = np.asarray(np.rint(level * 32768) / 32768, np.float32)  # quantized to 16 bits
    return coded(ready, CODECS[rng.integers(len(CODECS))]) if rng.random() < spec.codec_p else ready


def respoken(samples: Floats, speed: float, semitones: float) -> NDArray[np.float64]:
    """(n / speed,) ``samples`` spoken ``speed`` times as fast and ``semitones`` higher."""
    higher = 2 ** (semitones / 12)
    shifted = resampled(samples, higher)
    rate = speed / higher
    if len(shifted) < _FRAME or rate == 1:
        return np.asarray(shifted, np.float64)
    _, _, spectra = stft(shifted, nperseg=_FRAME, noverlap=_FRAME - _HOP)
    positions = np.arange(0, spectra.shape[1] - 1, rate)
    before = positions.astype(int)
    size = np.abs(spectra)
    share = positions - before
    sizes = size[:, before] * (1 - share) + size[:, before + 1] * share
    turns = np.angle(spectra[:, before + 1]) - np.angle(spectra[:, before])
    phases = np.angle(spectra[:, :1]) + np.cumsum(turns, axis=1) - turns[:, :1]
    _, changed = istft(sizes * np.exp(1j * phases), nperseg=_FRAME, noverlap=_FRAME - _HOP)
    return np.asarray(changed[: round(len(samples) / speed)], np.float64)


def room(reverberation_s: float, direct_db: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) the response of a room: the direct sound, then noise that falls by 60 dB within ``reverberation_s``."""
    time_s = np.arange(round(reverberation_s * _RATE_HZ)) / _RATE_HZ
    echoes = rng.standard_normal(len(time_s)) * 10 ** (-3 * time_s / reverberation_s)
    echoes[time_s < _DIRECT_S] = 0
    echoes *= 10 ** (-direct_db / 20) / np.sqrt(np.sum(echoes**2))
    echoes[0] = 1
    return np.asarray(echoes, np.float64)


def over(samples: NDArray[np.float64], noise: Floats, ratio_db: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) ``samples`` over ``noise`` from a random offset, at a signal-to-noise ratio of ``ratio_db``."""
    first = int(rng.integers(len(noise)))
    under = np.resize(np.roll(noise, -first), len(samples)).astype(np.float64)
    power = float(np.mean(under**2))
    if not power:
        return samples
    share = np.sqrt(float(np.mean(samples**2)) / power) * 10 ** (-ratio_db / 20)
    return np.asarray(samples + share * under, np.float64)
