"""Scenes to sound, or to log-mel where the clips come as log-mel only.

    Scene ──samples added, echo, noise, floor──► (n,) float32 at 16 kHz
    Scene ──band powers added, echo as the decay of its energy──► Frames: levels (k, 128) dB, loudness (k, 2) dBFS

The powers of independent sounds add up, so the second way is close to the front end's output for the first.  A test
compares the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache as cached
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from convert.corpora.clip import Clip
from convert.data import dataset, recordings
from convert.gate import sounds as made_sounds
from convert.stream.scenes import Scene
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, FrontEnd, int8_input, mel_filters
from edged.features.spectrum import taper
from edged.models.speech_gate import n_loud

STRIDE_FRAMES = dataset.STRIDE_FRAMES
_HOP = GEOMETRY.hop
_FLOOR_S = 30  # of noise, repeated
_SPEECH_HZ = (200.0, 4000.0)  # as FrontEnd.loudness_dbfs
_QUIETEST = 1e-10


@dataclass(frozen=True, slots=True)
class SceneWindows:
    """The windows of one scene."""

    start: NDArray[np.int64]  # sample at the centre of the first frame
    end: NDArray[np.int64]
    images: NDArray[np.int8]  # (n, n_frames, n_bands)
    loud_frames: NDArray[np.int64]  # frames above the gate's minimum level
    levels: Floats  # (n_frames_in_all, n_mels) dB, of which the windows are cut


def sound(scene: Scene) -> Floats:
    """(length,) the scene as a microphone records it."""
    voices, others = np.zeros(scene.length, np.float32), np.zeros(scene.length, np.float32)
    for piece in scene.pieces:
        part = _samples(piece.clip)
        part = part * np.float32(10 ** ((piece.level_dbfs - _rms_dbfs(part)) / 20))
        lane = voices if piece.voice else others
        part = part[: scene.length - piece.start]
        lane[piece.start : piece.start + len(part)] += part
    whole = voices + others
    if scene.echo:
        echo = recordings.response(scene.echo)
        whole = np.asarray(fftconvolve(whole, echo)[: scene.length], np.float32)
    whole = whole + _floor(scene.length, scene.floor_dbfs, scene.seed)
    if scene.noise:
        clip, level_dbfs = scene.noise
        noise = np.resize(_samples(clip), scene.length)
        whole = whole + noise * np.float32(10 ** ((level_dbfs - _rms_dbfs(noise)) / 20))
    return np.asarray(np.clip(whole, -1, 1), np.float32)


def windows(scene: Scene, cache: Path, min_dbfs: float) -> SceneWindows:
    """The scene's windows from log-mel of prepared clips; frames are loud as the gate counts them."""
    power = _power(scene, cache)
    levels = np.asarray(10 * np.log10(np.maximum(power, _QUIETEST)), np.float32)
    speech_dbfs = np.asarray(10 * np.log10(np.maximum(power @ _mean_square()[1], _QUIETEST)), np.float32)
    first = np.arange(0, max(1, len(levels) - GEOMETRY.n_frames + 1), STRIDE_FRAMES)
    front_end = FrontEnd()
    images = [int8_input(front_end.image(levels[at : at + GEOMETRY.n_frames])) for at in first]
    loud_frames = np.array([n_loud(speech_dbfs[at : at + GEOMETRY.n_frames], min_dbfs) for at in first], np.int64)
    return SceneWindows(first * _HOP, (first + GEOMETRY.n_frames - 1) * _HOP, np.array(images), loud_frames, levels)


def _power(scene: Scene, cache: Path) -> NDArray[np.float32]:
    """(n_frames, n_mels)."""
    power = np.zeros((1 + scene.length // _HOP, GEOMETRY.n_mels), np.float32)
    for piece in scene.pieces:
        part = _clip_power(piece.clip, cache)
        at = piece.start // _HOP
        part = part[: len(power) - at] * np.float32(10 ** (piece.level_dbfs / 10))
        power[at : at + len(part)] += part
    if scene.echo:
        echo = recordings.response(scene.echo)
        decay = np.array([np.sum(part**2) for part in _hops_of(echo)])
        power = np.maximum(fftconvolve(power, decay[:, None], axes=0)[: len(power)], 0) * _colour(echo)
    floor = _floor(_FLOOR_S * GEOMETRY.sample_rate_hz, scene.floor_dbfs, scene.seed)
    power = power + _repeated(_levels_of(floor)[:-1], power)  # the last frame is the next round's first
    if scene.noise:
        clip, level_dbfs = scene.noise
        power = power + _repeated(_clip_power(clip, cache), power) * np.float32(10 ** (level_dbfs / 10))
    return np.asarray(power, np.float32)


def _clip_power(clip: Clip, cache: Path) -> NDArray[np.float32]:
    """(k, n_mels) band powers of a prepared clip, scaled to an rms of full scale."""
    levels = dataset.levels(clip, cache).astype(np.float32)
    if clip.stored:
        levels = np.repeat(levels * np.float32(GEOMETRY.quantum_db), GEOMETRY.n_mels // GEOMETRY.n_bands, axis=1)
    power = 10 ** (levels / 10)
    return np.asarray(power / max(float((power @ _mean_square()[0]).mean()), 1e-20), np.float32)


def _repeated(part: NDArray[np.float32], like: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(part[np.arange(len(like)) % len(part)], np.float32)


def _levels_of(samples: Floats) -> NDArray[np.float32]:
    """(k, n_mels) band powers of ``samples``."""
    return np.asarray(10 ** (FrontEnd().clip_levels(samples) / 10), np.float32)


def _floor(length: int, level_dbfs: float, seed: int) -> Floats:
    """(length,) the noise floor of a room."""
    floor = made_sounds.pink(_FLOOR_S * GEOMETRY.sample_rate_hz, seed) * np.float32(10 ** (level_dbfs / 20))
    return np.asarray(np.resize(floor, length), np.float32)


@cached
def _mean_square() -> tuple[Floats, Floats]:
    """(n_mels,) shares of band powers in a frame's mean square: of the whole band, and of 200 to 4000 Hz.

    A band's power is the mean spectral density in it, so it counts by the band's width.
    """
    filters = mel_filters()
    bins_hz = np.arange(filters.shape[1]) * GEOMETRY.sample_rate_hz / GEOMETRY.n_fft
    centres_hz = (filters @ bins_hz) / filters.sum(axis=1)
    edges_hz = np.concatenate([[0.0], (centres_hz[1:] + centres_hz[:-1]) / 2, [GEOMETRY.sample_rate_hz / 2]])
    scale = 2 / (GEOMETRY.n_fft * float(np.sum(taper() ** 2)))
    whole = scale * np.diff(edges_hz)
    speech = whole * ((centres_hz >= _SPEECH_HZ[0]) & (centres_hz <= _SPEECH_HZ[1]))
    return np.asarray(whole, np.float32), np.asarray(speech, np.float32)


def _colour(echo: Floats) -> Floats:
    """(n_mels,) the gain of a room for each band's power."""
    size = max(GEOMETRY.n_fft, len(echo))
    power = np.abs(np.fft.rfft(echo, size)) ** 2
    first_bins = np.arange(GEOMETRY.n_fft // 2 + 1) * (len(power) - 1) // (GEOMETRY.n_fft // 2)
    means = np.add.reduceat(power, first_bins) / np.diff([*first_bins, len(power)])
    filters = mel_filters()
    return np.asarray((filters @ means) / filters.sum(axis=1), np.float32)


def _hops_of(samples: Floats) -> Iterator[Floats]:
    return (samples[at : at + _HOP] for at in range(0, len(samples), _HOP))


def _samples(clip: Clip) -> Floats:
    if clip.audio is None:
        raise ValueError(f"clip {clip.id} has no sound")
    samples = recordings.samples(clip.audio, clip.padded_s)
    return samples if clip.padded_s is None else np.trim_zeros(samples, "b")  # as its log-mel is kept


def _rms_dbfs(samples: Floats) -> float:
    return 20 * float(np.log10(max(float(np.sqrt(np.mean(samples**2))), 1e-9)))
