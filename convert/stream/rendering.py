"""Scenes to sound, and to the windows that a device cuts from it.

    Scene ──samples added, echo, noise, floor──► (n,) float32 at 16 kHz
    sound ──the device's filters and windows──► SceneWindows
    Scene ──band_powers, where the clips come as log-mel only──► SceneWindows

The second way needs the sound of every clip and gives exactly the windows of ``edged replay``.  The third is close to
it, and a test compares the two.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from convert.data import dataset, recordings
from convert.stream.band_powers import clip_samples, floor, scene_levels
from convert.stream.scenes import Scene
from edged.audio.recording import Recording
from edged.config.structs import Config
from edged.features.geometry import GEOMETRY, Geometry
from edged.features.logmel import Floats, FrontEnd, int8_input
from edged.features.windows import Windows
from edged.models.speech_gate import n_loud

STRIDE_FRAMES = dataset.STRIDE_FRAMES
_HOP = GEOMETRY.hop


@dataclass(frozen=True, slots=True)
class SceneWindows:
    """The windows of one scene."""

    start: NDArray[np.int64]  # sample at the centre of the first frame
    end: NDArray[np.int64]
    images: NDArray[np.int8]  # (n, n_frames, n_bands)
    loud_frames: NDArray[np.int64]  # frames above the gate's minimum level
    levels: Floats | None  # (n_frames_in_all, n_mels) dB in the bundle's geometry, where that is not the images'


def sound(scene: Scene) -> Floats:
    """(length,) the scene as a microphone records it."""
    voices, others = np.zeros(scene.length, np.float32), np.zeros(scene.length, np.float32)
    for piece in scene.pieces:
        part = clip_samples(piece.clip)
        part = part * np.float32(10 ** ((piece.level_dbfs - _rms_dbfs(part)) / 20))
        lane = voices if piece.voice else others
        part = part[: scene.length - piece.start]
        lane[piece.start : piece.start + len(part)] += part
    whole = voices + others
    if scene.echo:
        echo = recordings.response(scene.echo)
        whole = np.asarray(fftconvolve(whole, echo)[: scene.length], np.float32)
    whole = whole + floor(scene.length, scene.floor_dbfs, scene.seed)
    if scene.noise:
        clip, level_dbfs = scene.noise
        noise = np.resize(clip_samples(clip), scene.length)
        whole = whole + noise * np.float32(10 ** ((level_dbfs - _rms_dbfs(noise)) / 20))
    return np.asarray(np.clip(whole, -1, 1), np.float32)


def windows_of_sound(samples: Floats, config: Config, geometry: Geometry = GEOMETRY) -> SceneWindows:
    """The windows that a device with ``config`` cuts from ``samples`` (n,), for a bundle with ``geometry``."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scene.wav"
        recordings.write(file, samples)
        chunks = []
        with Recording(file, audio=config.audio) as recording:
            while (chunk := recording.read(0)) is not None:
                chunks.append(chunk.samples)
    conditioned = np.concatenate(chunks)
    cut = Windows(GEOMETRY, STRIDE_FRAMES * _HOP)
    found = [*cut.push(conditioned, 0), *cut.finish()]
    return SceneWindows(
        np.array([window.start for window in found], np.int64),
        np.array([window.end for window in found], np.int64),
        np.array([window.image for window in found]),
        np.array([n_loud(window.speech_dbfs, config.gate.min_dbfs) for window in found], np.int64),
        None if geometry == GEOMETRY else FrontEnd(geometry).clip_levels(conditioned),
    )


def windows(scene: Scene, cache: Path, min_dbfs: float, geometry: Geometry = GEOMETRY) -> SceneWindows:
    """The scene's windows from log-mel of prepared clips; frames are loud as the gate counts them."""
    levels, speech_dbfs = scene_levels(scene, cache)
    first = np.arange(0, max(1, len(levels) - GEOMETRY.n_frames + 1), STRIDE_FRAMES)
    front_end = FrontEnd()
    images = [int8_input(front_end.image(levels[at : at + GEOMETRY.n_frames])) for at in first]
    loud_frames = np.array([n_loud(speech_dbfs[at : at + GEOMETRY.n_frames], min_dbfs) for at in first], np.int64)
    return SceneWindows(
        first * _HOP,
        (first + GEOMETRY.n_frames - 1) * _HOP,
        np.array(images),
        loud_frames,
        None if geometry == GEOMETRY else scene_levels(scene, cache, geometry)[0],
    )


def _rms_dbfs(samples: Floats) -> float:
    return 20 * float(np.log10(max(float(np.sqrt(np.mean(samples**2))), 1e-9)))
