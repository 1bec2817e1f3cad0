"""Clips to dB in the geometry of a trunk, as they were recorded or in another place.

    clip with sound ──other voice, room, noise, microphone, codec──► samples ──► dB (k, n_bands)
    clip of stored log-mel ──echoes, noise, band──► dB (m, 64) ──interpolated for the encoder──► dB (k, n_bands)

0 dB is the loudest mel band, before neighbouring bands are averaged for the small networks: as in the device's window.
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
from convert.encoder.features import from_stored
from convert.recipes.spec import SoundSpec
from convert.train.heads.placing import Elsewhere
from edged.features.geometry import GEOMETRY, Geometry
from edged.features.logmel import Floats, FrontEnd

_TOP_DB = 80.0  # of stored log-mel


def decibels(clip: Clip, cache: Path, geometry: Geometry) -> Floats:
    """(k, n_bands) of a clip as it was recorded; stored log-mel is prepared in ``cache``."""
    if clip.audio:
        return _levels(recordings.samples(clip.audio, clip.padded_s), geometry)
    return _in(_stored(clip, cache), geometry)


def elsewhere(  # noqa: PLR0913, PLR0917 -- a clip, its place, and what both are computed with
    clip: Clip, version: int, noises: Sequence[Clip], spec: SoundSpec, cache: Path, geometry: Geometry
) -> Floats:
    """(k, n_bands) of a clip in the place of its speaker and ``version``, over one of ``noises`` (recordings)."""
    rng = seeded("place", clip.corpus, clip.speaker, version)
    place = Elsewhere.drawn(rng, geometry.n_bands)
    noise = noises[int(rng.integers(len(noises)))]
    if clip.audio:
        samples = recordings.samples(clip.audio, clip.padded_s)
        changed = _levels(heard_elsewhere(samples, _samples(noise), spec, rng), geometry)
        loudest = changed.max()
    else:
        under = dataset.load([noise], cache).frames.astype(np.float32)
        stored = _stored(clip, cache)
        changed = _in(levels_elsewhere(stored, under, spec, rng), geometry)
        loudest = stored.max()  # of an echo or a noise the bands before averaging are not known
    placed = place.changed(changed)
    return np.asarray(placed + (loudest - placed.max()), np.float32)


def seeded(*parts: object) -> np.random.Generator:
    """A generator that depends on ``parts`` alone."""
    return np.random.default_rng(int(hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()[:16], 16))


def _levels(samples: Floats, geometry: Geometry) -> Floats:
    """(k, n_bands) dB of ``samples`` (n,); neighbouring mel bands are averaged, as in the device's window."""
    levels = FrontEnd(geometry).clip_levels(samples)
    below = levels - levels.max()
    return np.asarray(below.reshape(len(levels), geometry.n_bands, -1).mean(axis=2), np.float32)


def _in(stored: Floats, geometry: Geometry) -> Floats:
    """``stored`` (m, 64) in ``geometry``, one of the two."""
    return stored if geometry == GEOMETRY else from_stored(stored)


def _stored(clip: Clip, cache: Path) -> Floats:
    """(m, 64) dB below the loudest cell of its file."""
    levels = dataset.levels(clip, cache)
    return levels.astype(np.float32) * np.float32(_TOP_DB / 255) - np.float32(_TOP_DB)


@lru_cache(maxsize=256)
def _samples(noise: Clip) -> Floats:
    if noise.audio is None:
        raise ValueError(f"noise {noise.id}: expected a recording")
    return recordings.samples(noise.audio)
