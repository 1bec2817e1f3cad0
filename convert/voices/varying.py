"""Embeddings of known speakers to the directions in which one speaker's voice varies most.

clips of a speaker, wide and by telephone ──VoiceEncoder──► (n, 256) ──less the speaker's mean──► covariance
──of all speakers, its eight largest eigenvectors──► (8, 256)

These directions hold the effects of anger and of the telephone line.  How many are taken was chosen on EMOVO's speakers
(convert/LOG.md).
"""

from collections.abc import Sequence

import numpy as np

from convert.stream.call_plans import telephone
from convert.voices.mono_calls import Person, levelled
from edged.audio.resample import Resampler
from edged.calls.voices.encoder import GEOMETRY, N_FRAMES, VoiceEncoder, gain
from edged.features.logmel import Floats

N_DIRECTIONS = 8
_STEP = 80  # frames between windows
_AT_ONCE = 64
_PAUSE = 4000  # samples of silence between clips
_NARROW_HZ = 8000


def voice_embeddings(person: Person, encoder: VoiceEncoder) -> Floats:
    """(n, 256) of all windows of the speaker's clips, in wide band and by telephone."""
    pause = np.zeros(_PAUSE, np.float32)
    wide = np.concatenate([part for clip in person.clips for part in (levelled(clip), pause)])
    resampler = Resampler(_NARROW_HZ)
    narrow = np.concatenate([resampler.push(np.ascontiguousarray(telephone(wide[:, None])[:, 0])), resampler.flush()])
    return np.concatenate([_embeddings(sound, encoder) for sound in (wide, narrow)])


def varying(speakers: Sequence[Floats]) -> Floats:
    """(8, 256) directions from the embeddings (n, 256) of each of the ``speakers``."""
    centred = np.concatenate([embeddings - embeddings.mean(axis=0) for embeddings in speakers]).astype(np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred / len(centred))
    return np.ascontiguousarray(directions[:, -N_DIRECTIONS:].T, np.float32)


def _embeddings(sound: Floats, encoder: VoiceEncoder) -> Floats:
    frames = encoder.frames(np.pad(sound, GEOMETRY.n_fft // 2)) * np.float32(gain(_loud_rms(sound)))
    starts = range(0, len(frames) - N_FRAMES, _STEP)
    windows = np.stack([frames[start : start + N_FRAMES] for start in starts])
    parts = [encoder.embeddings(windows[first : first + _AT_ONCE]) for first in range(0, len(windows), _AT_ONCE)]
    return np.concatenate(parts)


def _loud_rms(sound: Floats) -> float:
    """Of the samples that are no pause."""
    loud = sound[np.abs(sound) > 1e-3]  # noqa: PLR2004 -- -60 dBFS
    return float(np.sqrt(np.mean(loud**2))) if len(loud) else 0.0
