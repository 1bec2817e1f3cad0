"""Clips to dB in the encoder's geometry, as they were recorded or in another place.

    clip with sound ──other voice, room, noise, microphone, codec──► samples ──► dB (k, 80)
    clip of stored log-mel ──echoes, noise, band──► dB (m, 64) ──interpolated──► dB (k, 80)

A place is one speaker in one version: all of its clips get the same room, noise and microphone, so that what adaptation
can remove in a home can be removed in training.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from convert.augment.copies import levels_elsewhere
from convert.augment.sound import heard_elsewhere
from convert.corpora.clip import Clip
from convert.data import dataset, recordings
from convert.encoder.features import from_stored, log_mel
from convert.recipes.spec import SoundSpec
from convert.train.heads.placing import Elsewhere
from edged.features.logmel import Floats

_TOP_DB = 80.0  # of stored log-mel


def decibels(clip: Clip, cache: Path) -> Floats:
    """(k, 80) of a clip as it was recorded; stored log-mel is prepared in ``cache``."""
    return log_mel(recordings.samples(clip.audio, clip.padded_s)) if clip.audio else from_stored(_stored(clip, cache))


def elsewhere(clip: Clip, version: int, noises: Sequence[Clip], spec: SoundSpec, cache: Path) -> Floats:
    """(k, 80) of a clip in the place of its speaker and ``version``, over one of ``noises`` (recordings)."""
    rng = seeded("place", clip.corpus, clip.speaker, version)
    place = Elsewhere.drawn(rng)
    noise = noises[int(rng.integers(len(noises)))]
    if clip.audio:
        samples = recordings.samples(clip.audio, clip.padded_s)
        changed = log_mel(heard_elsewhere(samples, _samples(noise), spec, rng))
    else:
        under = dataset.load([noise], cache).frames.astype(np.float32)
        changed = from_stored(levels_elsewhere(_stored(clip, cache), under, spec, rng))
    return place.changed(changed)


def seeded(*parts: object) -> np.random.Generator:
    """A generator that depends on ``parts`` alone."""
    return np.random.default_rng(int(hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()[:16], 16))


def _stored(clip: Clip, cache: Path) -> Floats:
    """(m, 64) dB below the loudest cell of its file."""
    levels = dataset.levels(clip, cache)
    return levels.astype(np.float32) * np.float32(_TOP_DB / 255) - np.float32(_TOP_DB)


@lru_cache(maxsize=256)
def _samples(noise: Clip) -> Floats:
    if noise.audio is None:
        raise ValueError(f"noise {noise.id}: expected a recording")
    return recordings.samples(noise.audio)
