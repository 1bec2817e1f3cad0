"""Clips to log-mel, computed once and cached.

    clips ──front end──► levels (k, 128) float16 dB, or stored (k, 64) uint8 ──► build/convert/cache/<sha256>.npy
    levels ──windows──► images (n_windows, 188, 64) uint8, exactly what the device would see
    levels ──► frames (n, 64) float16 dB below the clip's loudest cell, all clips end to end, for training

A cache file's name is the hash of the sound and of the front end's output for a fixed sound.  A change of either
computes the file again, and an interrupted ``prepare`` resumes where it stopped.  Levels keep 128 bands and their own
scale, so that any window can be scaled to its own loudest cell as on the device.
"""

import hashlib
import lzma
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from convert.corpora.clip import Clip
from convert.data import recordings
from convert.data.atomic_file import atomic
from edged.errors import RecordingError, UsageError, reason
from edged.features.geometry import GEOMETRY
from edged.features.logmel import FrontEnd

STRIDE_FRAMES = 31  # between windows of a long clip: 0.496 s, close to the device's default stride
_DEEPEST_DB = -110.0  # below a clip's loudest cell; a window uses 80 dB below its own loudest cell
SILENT_DB = -100.0  # a level of digital silence, see FrontEnd.levels


@dataclass(frozen=True, slots=True)
class Dataset:
    """Clips and their frames for training: clip i is ``frames[start[i] : start[i] + length[i]]``.

    With ``n_copies`` augmented copies of each, copy k of clip i (from 1 on) has index ``k * len(clips) + i``.
    """

    clips: list[Clip]
    frames: NDArray[np.float16]  # (n, 64) dB below each clip's loudest cell
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    n_copies: int = 0


def prepare(clips: Sequence[Clip], folder: Path) -> None:
    """Computes the levels of ``clips`` that the cache ``folder`` does not hold yet."""
    for file in sorted({clip.stored.path for clip in clips if clip.stored}):
        target = folder / f"{_file_hash(file)}.npy"
        if not target.is_file():
            with atomic(target) as made:
                np.save(made, _unpacked(file))
    absent = [clip for clip in clips if clip.audio and not (folder / f"{key(clip)}.npy").is_file()]
    for clip in tqdm(absent, desc="log-mel", unit="clip", disable=not absent or None):
        target = folder / f"{key(clip)}.npy"
        if clip.audio and not target.is_file():
            levels = _front_end().clip_levels(recordings.samples(clip.audio, clip.padded_s))
            if clip.padded_s is not None:
                sounding = np.flatnonzero((levels > SILENT_DB).any(axis=1))
                levels = levels[: sounding[-1] + 1 if len(sounding) else 1]
            with atomic(target) as made:
                np.save(made, levels.astype(np.float16))


def key(clip: Clip) -> str:
    """The name of the clip's file in the cache."""
    return sound_hash(clip) if clip.stored else f"{sound_hash(clip)}-{_front_end_key()}"


def sound_hash(clip: Clip) -> str:
    """The hash of the file with the clip's sound, and of the length that is used."""
    file = clip.stored.path if clip.stored else clip.audio
    if file is None:
        raise UsageError(f"clip {clip.id}: neither audio nor stored log-mel")
    return _file_hash(file) if clip.padded_s is None else f"{_file_hash(file)}-{clip.padded_s:g}s"


def clips_hash(clips: Iterable[Clip]) -> str:
    """The hash of ``clips``: their names, labels and sounds, in any order."""
    rows = ((clip.id, clip.speaker, clip.label, clip.votes, str(clip.stored and clip.stored.start)) for clip in clips)
    lines = [f"{row} {sound_hash(clip)}" for row, clip in zip(rows, clips, strict=True)]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


def levels(clip: Clip, folder: Path) -> NDArray[np.float16] | NDArray[np.uint8]:
    """(k, 128) float16 dB, or stored (k, 64) uint8, of a prepared clip."""
    whole: NDArray[np.float16] | NDArray[np.uint8] = np.load(folder / f"{key(clip)}.npy", mmap_mode="r")
    if clip.stored is None:
        return whole
    end = clip.stored.start + clip.stored.n_frames
    if end > len(whole):
        raise UsageError(f"clip {clip.id}: frames up to {end}, expected at most the {len(whole)} that are stored")
    return whole[clip.stored.start : end]


def images(clip: Clip, folder: Path) -> NDArray[np.uint8]:
    """(n_windows, n_frames, n_bands): windows every 31 frames, or one, silent after its end, of a shorter clip."""
    return windows(levels(clip, folder))


def windows(levels: NDArray[np.float32] | NDArray[np.float16] | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n_windows, n_frames, n_bands) of levels (k, 128) dB or stored (k, 64) uint8."""
    size = GEOMETRY.n_frames
    starts = range(0, max(len(levels) - size, 0) + 1, STRIDE_FRAMES)
    return np.stack([_image(levels[start : start + size]) for start in starts])


def load(clips: Sequence[Clip], folder: Path, copies: Sequence[Sequence[NDArray[np.uint8]]] = ()) -> Dataset:
    """The frames of prepared ``clips``, end to end, then those of ``copies``: lists of one (k, 64) a clip."""
    frames = [_frames(levels(clip, folder)) for clip in clips]
    frames += [_frames(copy) for version in copies for copy in version]
    length = np.array([len(part) for part in frames], np.int64)
    return Dataset(list(clips), np.concatenate(frames), np.cumsum(length) - length, length, len(copies))


def _image(part: NDArray[np.float32] | NDArray[np.float16] | NDArray[np.uint8]) -> NDArray[np.uint8]:
    if part.dtype == np.uint8:
        image = np.zeros((GEOMETRY.n_frames, GEOMETRY.n_bands), np.uint8)
        image[: len(part)] = part
        return image
    return _front_end().image(part.astype(np.float32))


def _frames(whole: NDArray[np.float16] | NDArray[np.uint8]) -> NDArray[np.float16]:
    if whole.dtype == np.uint8:
        decibels = whole.astype(np.float32) * np.float32(GEOMETRY.quantum_db) - np.float32(GEOMETRY.top_db)
        return decibels.astype(np.float16)
    relative = np.maximum(whole.astype(np.float32) - np.float32(whole.max()), np.float32(_DEEPEST_DB))
    return np.asarray(relative.reshape(len(whole), GEOMETRY.n_bands, -1).mean(axis=2), np.float16)


def _unpacked(file: Path) -> NDArray[np.uint8]:
    try:
        with lzma.open(file) as packed:
            whole: NDArray[np.uint8] = np.load(packed)
    except (OSError, EOFError, ValueError, lzma.LZMAError) as exc:
        raise RecordingError(f"{file}: {reason(exc)}, expected stored log-mel (numpy, xz)") from exc
    if whole.dtype != np.uint8 or whole.ndim != 2 or whole.shape[1] != GEOMETRY.n_bands:  # noqa: PLR2004 - frames by bands
        raise RecordingError(f"{file}: {whole.dtype} {whole.shape}, expected uint8 (n_frames, {GEOMETRY.n_bands})")
    return whole


@cache
def _file_hash(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:32]
    except OSError as exc:
        raise RecordingError(f"{file}: {exc.strerror or exc}, expected a file of sound or log-mel") from exc


@cache
def _front_end_key() -> str:
    """The hash of the front end's levels of a second of noise, to 1 dB: what it computes, not how it is written."""
    noise = np.random.default_rng(0).standard_normal(GEOMETRY.sample_rate_hz).astype(np.float32)
    return hashlib.sha256(np.round(_front_end().clip_levels(noise)).astype(np.int16).tobytes()).hexdigest()[:8]


@cache
def _front_end() -> FrontEnd:
    return FrontEnd()
