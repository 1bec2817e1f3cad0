"""Scenes to the levels of their bands without any sound: the powers of their parts added up, in one geometry.

    Scene ──band powers of clips, echo as the decay of its energy, noise, floor──► levels (k, n_mels) dB,
        loudness (k,) dBFS from 200 to 4000 Hz

The powers of independent sounds add up, so this is close to the front end's output for the scene's sound.  A clip that
came as sound has its powers from it, in the geometry that is asked for; only one that came as log-mel is interpolated
to the encoder's geometry, as it was in training.
"""

from collections.abc import Iterator
from functools import cache as cached
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from convert.corpora.clip import Clip
from convert.data import dataset, recordings
from convert.encoder.features import from_stored
from convert.gate import sounds as made_sounds
from convert.stream.scenes import Scene
from edged.features.geometry import GEOMETRY, Geometry
from edged.features.logmel import Floats, FrontEnd, mel_filters
from edged.features.spectrum import taper

_FLOOR_S = 30  # of noise, repeated
_SPEECH_HZ = (200.0, 4000.0)  # as FrontEnd.loudness_dbfs
_QUIETEST = 1e-10


def scene_levels(scene: Scene, cache: Path, geometry: Geometry = GEOMETRY) -> tuple[Floats, Floats]:
    """(k, n_mels) dB and (k,) dBFS of the frames of ``scene``, whose clips are prepared in ``cache``."""
    power = _power(scene, cache, geometry)
    speech = power @ _mean_square(geometry)[1]
    return _decibels(power), _decibels(speech)


def floor(length: int, level_dbfs: float, seed: int) -> Floats:
    """(length,) the noise floor of a room."""
    noise = made_sounds.pink(_FLOOR_S * GEOMETRY.sample_rate_hz, seed) * np.float32(10 ** (level_dbfs / 20))
    return np.asarray(np.resize(noise, length), np.float32)


def clip_samples(clip: Clip) -> Floats:
    """(n,) of a clip that came as sound, as long as its log-mel is kept."""
    if clip.audio is None:
        raise ValueError(f"clip {clip.id} has no sound")
    samples = recordings.samples(clip.audio, clip.padded_s)
    return samples if clip.padded_s is None else np.trim_zeros(samples, "b")


def _power(scene: Scene, cache: Path, geometry: Geometry) -> NDArray[np.float32]:
    """(k, n_mels)."""
    power = np.zeros((1 + scene.length // geometry.hop, geometry.n_mels), np.float32)
    for piece in scene.pieces:
        at = round(piece.start / geometry.hop)
        part = _clip_power(piece.clip, cache, geometry)[: len(power) - at] * np.float32(10 ** (piece.level_dbfs / 10))
        power[at : at + len(part)] += part
    if scene.echo:
        echo = recordings.response(scene.echo)
        decay = np.array([np.sum(part**2) for part in _hops_of(echo, geometry.hop)])
        power = np.maximum(fftconvolve(power, decay[:, None], axes=0)[: len(power)], 0) * _colour(echo, geometry)
    quiet = floor(_FLOOR_S * GEOMETRY.sample_rate_hz, scene.floor_dbfs, scene.seed)
    # The floor's last frame is the next round's first.
    power = power + _repeated(_power_of(quiet, geometry)[:-1], len(power))
    if scene.noise:
        clip, level_dbfs = scene.noise
        noise = _repeated(_clip_power(clip, cache, geometry), len(power))
        power = power + noise * np.float32(10 ** (level_dbfs / 10))
    return np.asarray(power, np.float32)


@lru_cache(maxsize=512)
def _clip_power(clip: Clip, cache: Path, geometry: Geometry) -> NDArray[np.float32]:
    """(k, n_mels) band powers of a prepared clip, scaled to an rms of full scale."""
    if clip.stored:
        levels = dataset.levels(clip, cache).astype(np.float32) * np.float32(GEOMETRY.quantum_db)
        n_each = GEOMETRY.n_mels // GEOMETRY.n_bands
        levels = np.repeat(levels, n_each, axis=1) if geometry == GEOMETRY else from_stored(levels)
    elif geometry == GEOMETRY:
        levels = dataset.levels(clip, cache).astype(np.float32)
    else:
        levels = FrontEnd(geometry).clip_levels(clip_samples(clip))
    power = 10 ** (levels / 10)
    return np.asarray(power / max(float((power @ _mean_square(geometry)[0]).mean()), 1e-20), np.float32)


def _repeated(part: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    return np.asarray(part[np.arange(size) % len(part)], np.float32)


def _power_of(samples: Floats, geometry: Geometry) -> NDArray[np.float32]:
    """(k, n_mels) band powers of ``samples``."""
    return np.asarray(10 ** (FrontEnd(geometry).clip_levels(samples) / 10), np.float32)


def _decibels(power: NDArray[np.float32]) -> Floats:
    return np.asarray(10 * np.log10(np.maximum(power, _QUIETEST)), np.float32)


@cached
def _mean_square(geometry: Geometry) -> tuple[Floats, Floats]:
    """(n_mels,) shares of band powers in a frame's mean square: of the whole band, and of 200 to 4000 Hz.

    A band's power is the mean spectral density in it, so it counts by the band's width.
    """
    filters = mel_filters(geometry)
    bins_hz = np.arange(filters.shape[1]) * geometry.sample_rate_hz / geometry.n_fft
    # A narrow band of a short frame may hold no bin: it has no power.
    centres_hz = (filters @ bins_hz) / np.maximum(filters.sum(axis=1), np.float32(1e-9))
    edges_hz = np.concatenate([[0.0], (centres_hz[1:] + centres_hz[:-1]) / 2, [geometry.sample_rate_hz / 2]])
    scale = 2 / (geometry.n_fft * float(np.sum(taper(geometry) ** 2)))
    whole = scale * np.diff(edges_hz)
    speech = whole * ((centres_hz >= _SPEECH_HZ[0]) & (centres_hz <= _SPEECH_HZ[1]))
    return np.asarray(whole, np.float32), np.asarray(speech, np.float32)


def _colour(echo: Floats, geometry: Geometry) -> Floats:
    """(n_mels,) the gain of a room for each band's power."""
    size = max(geometry.n_fft, len(echo))
    power = np.abs(np.fft.rfft(echo, size)) ** 2
    first_bins = np.arange(geometry.n_fft // 2 + 1) * (len(power) - 1) // (geometry.n_fft // 2)
    means = np.add.reduceat(power, first_bins) / np.diff([*first_bins, len(power)])
    filters = mel_filters(geometry)
    return np.asarray((filters @ means) / np.maximum(filters.sum(axis=1), np.float32(1e-9)), np.float32)


def _hops_of(samples: Floats, hop: int) -> Iterator[Floats]:
    return (samples[at : at + hop] for at in range(0, len(samples), hop))
