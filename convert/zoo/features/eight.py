"""A clip's sound to eight hand-crafted numbers, as Sahu 2019 (arXiv 1904.06022) defines them.

    samples y ──► mean and sd of |y|, mean and sd of RMS, share of silent frames, harmonic part, autocorrelation r: (8,)

RMS is of y + 1e-4 in frames of 2048 every 512; a frame is silent at up to 0.4 of the mean RMS; r is of y centre-clipped
at 0.45 of mean |y|.  The published code's quirks are kept: the harmonic part and the maximum of r are multiplied by
1000, and the latter is divided by the length of r, so features 6 to 8 depend on a clip's length and offset.  Here r has
both its halves, which mirror each other, where that code has one: its length is 2 n - 1, and feature 7 half as large.
Scaling removes this.  That code takes the sd of y, where ours is of |y|.
"""

from pathlib import Path

import numpy as np
from scipy.signal import correlate

from convert.corpora.clip import Clip
from convert.data import recordings
from convert.zoo.features.reference import librosa
from convert.zoo.features.store import Kind
from edged.features.logmel import Floats

_OFFSET = 1e-4
_FRAME, _HOP = 2048, 512
_SILENT = 0.4
_CLIP = 0.45
_SCALE = 1000


def of_samples(samples: Floats) -> Floats:
    """(8,) of ``samples`` (n,)."""
    magnitude = np.abs(samples)
    rms = librosa().feature.rms(y=samples + np.float32(_OFFSET), frame_length=_FRAME, hop_length=_HOP)[0]
    level = _CLIP * magnitude.mean()
    clipped = np.where(samples >= level, samples - level, np.where(samples <= -level, samples + level, 0))
    correlation = correlate(clipped, clipped, mode="full", method="fft")
    return np.array(
        [
            magnitude.mean(),
            magnitude.std(),
            rms.mean(),
            rms.std(),
            np.mean(rms <= _SILENT * rms.mean()),
            _SCALE * librosa().effects.hpss(samples)[0].mean(),
            _SCALE * correlation.max() / len(correlation),
            correlation.std(),
        ],
        np.float32,
    )


def _of_clip(clip: Clip, _cache: Path) -> Floats:
    if clip.audio is None:
        raise ValueError(f"clip {clip.id} has no audio")
    return of_samples(recordings.samples(clip.audio, clip.padded_s))


EIGHT = Kind("eight", 1, _of_clip)
