"""A clip's sound to 32 numbers: 13 MFCC, 12 chroma and 7 of spectral contrast, each the mean over a window of 3 s.

    samples ──middle 3 s──► MFCC, chroma, spectral contrast by frame ──mean over frames──► (32,)
    stored log-mel (k, 64) ──DCT──► the 13 of MFCC kind, the others 0

Chroma and contrast need the spectrum, so a corpus that comes as log-mel has the first 13 alone.
"""

from pathlib import Path

import numpy as np
from scipy.fft import dct

from convert.corpora.clip import Clip
from convert.data import dataset, recordings
from convert.zoo.features.reference import librosa
from convert.zoo.features.store import Kind
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

N_FEATURES = 32
_N_CEPSTRA = 13
_WINDOW = 3 * GEOMETRY.sample_rate_hz


def of_samples(samples: Floats) -> Floats:
    """(32,) of ``samples`` (n,)."""
    first = max(0, (len(samples) - _WINDOW) // 2)
    window = samples[first : first + _WINDOW]
    rate_hz = GEOMETRY.sample_rate_hz
    spectrum = np.abs(librosa().stft(window))
    courses = (
        librosa().feature.mfcc(y=window, sr=rate_hz, n_mfcc=_N_CEPSTRA),
        librosa().feature.chroma_stft(S=spectrum**2, sr=rate_hz, tuning=0.0),
        librosa().feature.spectral_contrast(S=spectrum, sr=rate_hz),
    )
    return np.asarray(np.concatenate([course.mean(axis=1) for course in courses]), np.float32)


def _of_clip(clip: Clip, cache: Path) -> Floats:
    if clip.audio is not None:
        return of_samples(recordings.samples(clip.audio, clip.padded_s))
    levels = dataset.load([clip], cache).frames.astype(np.float32)
    cepstra = dct(np.maximum(levels, -GEOMETRY.top_db), type=2, norm="ortho", axis=1)[:, :_N_CEPSTRA]
    values = np.zeros(N_FEATURES, np.float32)
    values[:_N_CEPSTRA] = cepstra.mean(axis=0)
    return values


FRAMES = Kind("frames", 1, _of_clip)
