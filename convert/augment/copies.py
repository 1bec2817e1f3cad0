"""Augmented copies of clips: other rooms, noises, microphones and codecs, computed once and cached with the log-mel.

    clip with sound ──augment.sound, front end──► (k, 64) uint8 ──► <cache>/<clip>-copy<n>-<spec>.npy
    clip of stored log-mel ──the same on its powers: echoes, noise, band──► (k, 64) uint8 ──► the same

Training draws one version of each clip, and log-mel augmentation follows.  In stored log-mel an echo is a sum of
earlier powers, which is what echoes of noise-like sound are on average (Lebart et al. 2001).  A copy's random numbers
depend only on the name of its file: all recipes, seeds and folds share it.
"""

import dataclasses
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from tqdm import tqdm

from convert.augment.sound import heard_elsewhere
from convert.corpora.clip import Clip
from convert.data import dataset, recordings
from convert.data.atomic_file import atomic
from convert.recipes.spec import SoundSpec
from edged.errors import UsageError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, FrontEnd, hz_to_mel

Image = NDArray[np.uint8]
_REMOVED_DB = 40.0  # from bands outside the microphone's range, over about an octave
_SLOPE_BANDS = 6.0
_MIN_POWER = 1e-12


def prepare(clips: Sequence[Clip], noises: Sequence[Clip], folder: Path, n_copies: int, spec: SoundSpec) -> None:
    """Computes the copies of ``clips`` that ``folder`` lacks; ``clips`` and ``noises`` (recordings) are prepared.

    Raises:
        UsageError: there are no noises to mix in.
    """
    absent = [
        (clip, number)
        for clip in clips
        for number in range(n_copies)
        if not _file(clip, number, folder, spec).is_file()
    ]
    if absent and not noises:
        raise UsageError("augmented copies: no noises to mix in, expected esc10 and noise among the corpora")
    for clip, number in tqdm(absent, desc="augmented copies", unit="copy", disable=not absent or None):
        target = _file(clip, number, folder, spec)
        rng = np.random.default_rng(int(hashlib.sha256(target.stem.encode()).hexdigest()[:16], 16))
        noise = noises[int(rng.integers(len(noises)))]
        if clip.audio:
            sound = heard_elsewhere(recordings.samples(clip.audio, clip.padded_s), _samples(noise), spec, rng)
            made = _image(FrontEnd().clip_levels(sound).reshape(-1, GEOMETRY.n_bands, 2).mean(axis=2))
        else:
            frames = dataset.load([clip], folder).frames.astype(np.float32)
            made = _image(levels_elsewhere(frames, dataset.load([noise], folder).frames.astype(np.float32), spec, rng))
        with atomic(target) as file:
            np.save(file, made)


def versions(clips: Sequence[Clip], folder: Path, n_copies: int, spec: SoundSpec) -> list[list[Image]]:
    """The copies of all ``clips``, by number of the copy."""
    return [[np.load(_file(clip, number, folder, spec)) for clip in clips] for number in range(n_copies)]


def levels_elsewhere(levels: Floats, noise: Floats, spec: SoundSpec, rng: np.random.Generator) -> Floats:
    """(k, n_bands) dB of ``levels`` in another room, over ``noise`` (m, n_bands), by another microphone."""
    power = np.power(10, levels / 10, dtype=np.float64)
    if rng.random() < spec.room_p:
        keep = 10 ** (-6 * GEOMETRY.hop_s / rng.uniform(*spec.room_s))
        share = (1 - keep) * 10 ** (-rng.uniform(*spec.direct_db) / 10)
        power = power + lfilter([0, share], [1, -keep], power, axis=0)
    if rng.random() < spec.noise_p:
        under = np.roll(np.power(10, noise / 10, dtype=np.float64), int(rng.integers(len(noise))), axis=0)
        under = np.resize(under, power.shape)
        # Slaney's bands have equal area, so their mean power is close to the sound's.
        power = power + under * power.mean() / under.mean() * 10 ** (-rng.uniform(*spec.noise_db) / 10)
    changed = 10 * np.log10(power + _MIN_POWER)
    if rng.random() < spec.microphone_p:
        band = np.arange(GEOMETRY.n_bands)
        lowest, highest = _band(rng.uniform(*spec.lowest_hz)), _band(rng.uniform(*spec.highest_hz))
        outside = np.maximum(lowest - band, band - highest) / _SLOPE_BANDS
        changed = changed - _REMOVED_DB * np.clip(outside, 0, 1)
    return np.asarray(changed, np.float32)


def _band(frequency_hz: float) -> float:
    """The position of ``frequency_hz`` on the band axis."""
    low, high, mel = hz_to_mel(np.array([GEOMETRY.f_min_hz, GEOMETRY.f_max_hz, frequency_hz]))
    return float((mel - low) / (high - low) * GEOMETRY.n_bands)


def _image(levels: Floats) -> Image:
    """0..255 for -80..0 dB below the loudest cell."""
    relative = np.maximum(levels - levels.max(), -GEOMETRY.top_db) + GEOMETRY.top_db
    return np.asarray(np.rint(relative * (255 / GEOMETRY.top_db)), np.uint8)


@lru_cache(maxsize=512)
def _samples(noise: Clip) -> Floats:
    if noise.audio is None:
        raise ValueError(f"noise {noise.id}: expected a recording")
    return recordings.samples(noise.audio)


def _file(clip: Clip, number: int, folder: Path, spec: SoundSpec) -> Path:
    described = "-".join(map(str, dataclasses.astuple(spec)))
    digest = hashlib.sha256(f"{clip.stored and clip.stored.start}-{described}".encode()).hexdigest()[:8]
    return folder / f"{dataset.key(clip)}-copy{number}-{digest}.npy"
