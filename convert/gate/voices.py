"""A shouted or whispered voice, made from a clip that is neither.

    samples (n,) ──pitch, envelope put back, effort, clipping──► shouted samples (m,)
    samples (n,) ──envelope laid on noise──► whispered samples (n,)
    frames (k, 64) dB, where there is no sound ──bands moved, harmonics sharpened or smoothed away──► frames (k, 64) dB

Source and filter (Fant 1960): the envelope of each short spectrum is the vocal tract, what it stands over is the vocal
folds.  A shout has a pitch of up to two octaves above the speaking voice, a first formant that rises with it and a
spectrum that falls less towards high frequencies (Rostolland 1982; Lombard speech is the same in small).  A whisper has
noise in the place of the folds, hardly any lows, and vowels far softer than consonants.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import istft, stft

from convert.augment.sound import respoken
from convert.gate.recipe import VoiceSpec
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, hz_to_mel, mel_to_hz

_RATE_HZ = GEOMETRY.sample_rate_hz
_FRAME, _HOP = 512, 128  # samples
_LIFTER_S = 0.0014  # the cepstrum up to here is the envelope: shorter than the period of a high voice
_EFFORT_HZ = 500.0  # from here on a shout falls less …
_EFFORT_OCTAVES = 3.0  # … as far as this
_BREATH_HZ = 600.0  # below this a whisper has little
_MAX_RAISED = 3.5  # natural logarithm: the greatest gain where the change of pitch has left almost nothing
_TINY = 1e-7
_DEEPEST_DB = -110.0  # below the loudest cell, as a clip's own frames are kept
_SMOOTHED = 7  # bands over which harmonics are averaged away
_GRAIN_DB = 3.5  # of a cell of noise about its mean
_PITCHED_HZ = 1200.0  # up to here bands move as far as the pitch, at the top of the range not at all

Frames = NDArray[np.float16]


def shouted(samples: Floats, spec: VoiceSpec, rng: np.random.Generator) -> Floats:
    """(m,) ``samples`` (n,) as a shout: higher, brighter, more even in level, clipped at times; peak at most 1."""
    semitones, speed = rng.uniform(*spec.shout_semitones), rng.uniform(*spec.shout_speed)
    raised = respoken(samples, speed, semitones)
    _, _, spectra = stft(raised, nperseg=_FRAME, noverlap=_FRAME - _HOP)
    _, _, spoken = stft(samples.astype(np.float64), nperseg=_FRAME, noverlap=_FRAME - _HOP)
    bins = np.arange(len(spectra))
    envelope = _envelope(np.abs(spectra))
    then = np.minimum(np.round(np.arange(spectra.shape[1]) * speed).astype(int), spoken.shape[1] - 1)
    moved = _between(_envelope(np.abs(spoken)), bins / rng.uniform(*spec.shout_formants))[:, then]
    moved = np.minimum(moved, envelope + _MAX_RAISED)
    gain_db = rng.uniform(*spec.shout_effort_db) * np.clip(_octaves(bins, _EFFORT_HZ), 0, _EFFORT_OCTAVES)
    _, found = istft(
        spectra * np.exp(moved - envelope) * 10 ** (gain_db[:, None] / 20), nperseg=_FRAME, noverlap=_FRAME - _HOP
    )
    found = _evened(found, rng.uniform(*spec.shout_evened))
    drive = 10 ** (rng.uniform(*spec.shout_drive_db) / 20)
    found = found / max(float(np.abs(found).max()), _TINY) * drive
    return np.asarray(np.clip(found, -1, 1), np.float32)


def whispered(samples: Floats, spec: VoiceSpec, rng: np.random.Generator) -> Floats:
    """(n,) ``samples`` (n,) as a whisper, with the peak that they had."""
    _, _, spectra = stft(samples.astype(np.float64), nperseg=_FRAME, noverlap=_FRAME - _HOP)
    bins = np.arange(len(spectra))
    envelope = _between(_envelope(np.abs(spectra)), bins / rng.uniform(*spec.whisper_formants))
    _, _, noise = stft(rng.standard_normal(len(samples)), nperseg=_FRAME, noverlap=_FRAME - _HOP)
    breath_db = rng.uniform(*spec.whisper_lows_db) * np.clip(_octaves(bins, _BREATH_HZ), -3, 1)
    gain = np.exp(envelope) * 10 ** (breath_db[:, None] / 20)
    _, found = istft(gain * noise[:, : gain.shape[1]], nperseg=_FRAME, noverlap=_FRAME - _HOP)
    found = _evened(np.resize(found, len(samples)), rng.uniform(*spec.whisper_evened))
    return np.asarray(found * (np.abs(samples).max() / max(float(np.abs(found).max()), _TINY)), np.float32)


def shouted_frames(frames: Frames, spec: VoiceSpec, rng: np.random.Generator) -> Frames:
    """(k, n_bands) the same of log-mel: low bands moved as the pitch is, brighter, harmonics apart."""
    levels = frames.astype(np.float32)
    smooth = uniform_filter1d(levels, _SMOOTHED, axis=1)
    levels = smooth + (levels - smooth) * np.float32(rng.uniform(*spec.sharpened))
    octaves = rng.uniform(*spec.shout_semitones) / 12 * spec.frames_moved
    at_hz = _band_hz()
    share = np.clip(1 - np.log2(np.maximum(at_hz, 1) / _PITCHED_HZ) / np.log2(8000 / _PITCHED_HZ), 0, 1)
    source = _bands(at_hz / 2 ** (octaves * share))
    effort_db = rng.uniform(*spec.shout_effort_db) * np.clip(np.log2(np.maximum(at_hz, 1) / _EFFORT_HZ), 0, 3)
    return _frames(_between(levels.T, source).T + effort_db)


def whispered_frames(frames: Frames, spec: VoiceSpec, rng: np.random.Generator) -> Frames:
    """(k, n_bands) the same of log-mel: harmonics smoothed away, the grain of noise instead, few lows."""
    levels = uniform_filter1d(frames.astype(np.float32), _SMOOTHED, axis=1)
    at_hz = _band_hz()
    source = _bands(at_hz / rng.uniform(*spec.whisper_formants))
    breath_db = rng.uniform(*spec.whisper_lows_db) * np.clip(np.log2(np.maximum(at_hz, 1) / _BREATH_HZ), -3, 1)
    loudest = levels.max(axis=1, keepdims=True)
    levels = levels - loudest * np.float32(rng.uniform(*spec.whisper_evened))
    return _frames(_between(levels.T, source).T + breath_db + _GRAIN_DB * rng.standard_normal(levels.shape))


def _envelope(magnitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """(bins, frames) the natural logarithm of the smooth envelope of ``magnitude``, by its cepstrum."""
    logarithm = np.log(np.maximum(magnitude, _TINY))
    cepstrum = np.fft.irfft(logarithm, axis=0)
    kept = round(_LIFTER_S * _RATE_HZ)
    cepstrum[kept : len(cepstrum) - kept + 1] = 0
    return np.asarray(np.fft.rfft(cepstrum, axis=0).real, np.float64)


def _evened(samples: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """``samples`` with so large a share of the differences in level within them taken away."""
    level = (
        np.sqrt(np.maximum(uniform_filter1d(samples**2, 2 * _FRAME), 0)) + np.sqrt(np.mean(samples**2)) * 0.03 + _TINY
    )
    return np.asarray(samples * level**-share, np.float64)


def _octaves(bins: NDArray[np.int64], above_hz: float) -> NDArray[np.float64]:
    return np.asarray(np.log2(np.maximum(bins, 0.5) * _RATE_HZ / _FRAME / above_hz), np.float64)


def _between(rows: NDArray[Any], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """``rows`` (bins, frames) at fractional ``places``."""
    at = np.clip(places, 0, len(rows) - 1)
    below = at.astype(int)
    share = (at - below)[:, None]
    return np.asarray(rows[below] * (1 - share) + rows[np.minimum(below + 1, len(rows) - 1)] * share, np.float64)


def _band_hz() -> NDArray[np.float64]:
    """(n_bands,) the centre of each band."""
    low, high = hz_to_mel(np.array([GEOMETRY.f_min_hz, GEOMETRY.f_max_hz]))
    return np.asarray(
        mel_to_hz(low + (high - low) * (np.arange(GEOMETRY.n_bands) + 0.5) / GEOMETRY.n_bands), np.float64
    )


def _bands(at_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where frequencies lie on the band axis, as fractional places."""
    low, high = hz_to_mel(np.array([GEOMETRY.f_min_hz, GEOMETRY.f_max_hz]))
    return np.asarray((hz_to_mel(at_hz) - low) / (high - low) * GEOMETRY.n_bands - 0.5, np.float64)


def _frames(levels: NDArray[np.float64]) -> Frames:
    return np.asarray(np.maximum(levels - levels.max(), _DEEPEST_DB), np.float16)
