"""Clips to pooled features of the frozen encoder, computed once and cached.

    clip ──log-mel──► windows (300, 80) every half second ──encoder──► mean and spread over the clip's own positions
        ──mean over windows──► (n_outputs, 768) ──► build/convert/encoder/<corpus>-<hash>.npz

A clip that is shorter than a window is placed at its end, after silence that is not pooled.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from convert.corpora.clip import Clip
from convert.data import dataset, recordings
from convert.data.atomic_file import atomic
from convert.encoder.features import from_stored, log_mel
from convert.encoder.weights import Weights
from edged.features.logmel import Floats
from edged.features.whisper import WHISPER, encoder_input

N_LAYERS = 3  # layers whose outputs are used, besides that of the convolutions
_STRIDE = 50  # frames between windows: half a second
_BATCH = 16  # windows
_SILENT_DB = -1000.0  # below anything that ``encoder_input`` keeps
_TOP_DB = 80.0  # of stored log-mel


@dataclass(frozen=True, slots=True)
class ClipFeatures:
    """Features of one corpus, a row a clip."""

    values: Floats  # (n_clips, N_LAYERS + 1, 768): mean, then spread, of 384 features
    labels: NDArray[np.str_]
    speakers: NDArray[np.str_]

    def of(self, chosen: NDArray[np.bool_]) -> Self:
        """Those of some of its clips; ``chosen`` is (n_clips,)."""
        return replace(self, values=self.values[chosen], labels=self.labels[chosen], speakers=self.speakers[chosen])


def clip_features(clips: Sequence[Clip], weights: Weights, cache: Path, folder: Path) -> ClipFeatures:
    """The features of ``clips``, all of one corpus and labelled; ``cache`` has log-mel, ``folder`` keeps features."""
    digest = hashlib.sha256(f"{dataset.clips_hash(clips)} {N_LAYERS} {_STRIDE} {WHISPER}".encode())
    digest.update(weights.positions.tobytes())
    file = folder / f"{clips[0].corpus}-{digest.hexdigest()[:16]}.npz"
    if not file.is_file():
        values = _pooled(clips, weights, cache)
        with atomic(file) as made:
            np.savez(made, values=values)
    with np.load(file) as stored:
        values = stored["values"]
    return ClipFeatures(
        values, np.array([clip.label for clip in clips], np.str_), np.array([clip.speaker for clip in clips], np.str_)
    )


def windows(decibels: Floats) -> Iterator[tuple[Floats, int]]:
    """Inputs (300, 80) from dB (k, 80) of a clip, each with the number of frames that are the clip's own."""
    size = WHISPER.n_frames
    if len(decibels) < size:
        padded = np.full((size, WHISPER.n_mels), _SILENT_DB, np.float32)
        padded[size - len(decibels) :] = decibels
        yield encoder_input(padded), len(decibels)
        return
    for first in range(0, len(decibels) - size + 1, _STRIDE):
        yield encoder_input(decibels[first : first + size]), size


def _decibels(clip: Clip, cache: Path) -> Floats:
    if clip.audio is not None:
        return log_mel(recordings.samples(clip.audio, clip.padded_s))
    stored = dataset.levels(clip, cache)
    return from_stored(stored.astype(np.float32) * np.float32(_TOP_DB / 255) - np.float32(_TOP_DB))


def _pooled(clips: Sequence[Clip], weights: Weights, cache: Path) -> Floats:
    import tensorflow as tf  # noqa: PLC0415 -- takes seconds

    from convert.encoder.network import encoder  # noqa: PLC0415 -- TensorFlow

    model = tf.function(encoder(weights, WHISPER.n_frames, N_LAYERS))
    totals = np.zeros((len(clips), N_LAYERS + 1, 2 * weights.positions.shape[1]), np.float32)
    counts = np.zeros(len(clips), np.int64)
    waiting: list[tuple[Floats, int, int]] = []

    def compute() -> None:
        batch = np.zeros((_BATCH, WHISPER.n_frames, WHISPER.n_mels), np.float32)
        batch[: len(waiting)] = [given for given, _, _ in waiting]
        outputs = [np.asarray(output) for output in model(batch)]
        for row, (_, n_frames, index) in enumerate(waiting):
            for number, output in enumerate(outputs):
                own = output[row, -((n_frames + 1) // 2) :]
                totals[index, number] += np.concatenate([own.mean(axis=0), own.std(axis=0)])
            counts[index] += 1
        waiting.clear()

    for index, clip in enumerate(tqdm(clips, desc=clips[0].corpus, unit="clip", disable=None)):
        for given, n_frames in windows(_decibels(clip, cache)):
            waiting.append((given, n_frames, index))
            if len(waiting) == _BATCH:
                compute()
    if waiting:
        compute()
    return totals / counts[:, None, None].astype(np.float32)
