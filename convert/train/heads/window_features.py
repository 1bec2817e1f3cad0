"""Windows of clips to a trunk's pooled features, computed once and cached.

    clips, version ──windows (n_frames, n_bands) dB──► trunk ──mean and spread over active positions──►
        (n_windows, n) float16
        ──► <folder>/<corpus>-<version>-<hash>.npz

Version 0 is the clips unchanged, cut into windows from their first frame on, as on the device.  Version 1 is one window
of each clip, moved and cut at random; from version 2 on the same in another place (``clip_levels``).
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from convert.corpora.clip import LABELS, Clip
from convert.data import dataset
from convert.data.atomic_file import atomic
from convert.recipes.spec import SoundSpec
from convert.score.isolated import apart
from convert.train.heads import placing
from convert.train.heads.clip_levels import decibels, elsewhere, seeded
from edged.features.geometry import GEOMETRY, Geometry
from edged.features.logmel import Floats, int8_input, levels_of, steps_of
from edged.features.pooling import active_positions, pooled
from edged.features.whisper import encoder_input
from edged.models.interpreter import Network, installed_runtimes

AS_IT_COMES, AS_RECORDED = 0, 1
NEAREST = {"calm": "neutral", "surprise": "happy"}  # of the six, by label of a corpus that has others


@dataclass(frozen=True, slots=True)
class WindowFeatures:
    """Windows of labelled clips: window i belongs to clip ``owner[i]``."""

    values: Floats  # (n_windows, n)
    owner: NDArray[np.int64]
    clips: list[Clip]
    version: int
    known: tuple[str, ...] = LABELS  # that ``labels`` are indices in

    @property
    def labels(self) -> NDArray[np.int64]:
        """(n_windows,) index in ``known`` of each window's label, or of the one that it is nearest to."""
        names = [str(clip.label) for clip in self.clips]
        nearest = [name if name in self.known else NEAREST[name] for name in names]
        return np.array([self.known.index(name) for name in nearest], np.int64)[self.owner]

    @property
    def places(self) -> NDArray[np.str_]:
        """(n_windows,) the speaker in this version, with the corpus."""
        names = np.array([f"{clip.corpus} {clip.speaker} {self.version}" for clip in self.clips], np.str_)
        return names[self.owner]

    def of(self, chosen: NDArray[np.bool_]) -> Self:
        """Those of some of its clips; ``chosen`` is (n_clips,)."""
        numbers = np.cumsum(chosen) - 1
        windows = chosen[self.owner]
        clips = [clip for clip, is_chosen in zip(self.clips, chosen, strict=True) if is_chosen]
        return replace(self, values=self.values[windows], owner=numbers[self.owner[windows]], clips=clips)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What features are computed with."""

    trunk: bytes  # the .tflite file
    geometry: Geometry  # of its windows
    active_db: float
    sound: SoundSpec
    noises: tuple[Clip, ...]  # that are mixed into other places
    cache: Path  # the log-mel of prepared clips
    folder: Path  # of the features


def window_features(clips: Sequence[Clip], versions: Sequence[int], source: Source) -> list[WindowFeatures]:
    """Of prepared ``clips``, all of one corpus and labelled, by version."""
    files = {version: _file(clips, version, source) for version in versions}
    absent = [version for version in versions if not files[version].is_file()]
    if absent:
        apart(_compute, list(clips), absent, [files[version] for version in absent], source)
    groups = []
    for version in versions:
        with np.load(files[version]) as stored:
            values = stored["values"].astype(np.float32)
            groups.append(WindowFeatures(values, stored["owner"], list(clips), version))
    return groups


def _file(clips: Sequence[Clip], version: int, source: Source) -> Path:
    key = f"{dataset.clips_hash(clips)} {[clip.id for clip in clips]} {source.active_db}".encode() + source.trunk
    if version > AS_RECORDED:
        key += f"{dataset.clips_hash(source.noises)} {source.sound}".encode()
    if source.geometry == GEOMETRY:
        key += b"relative to the loudest unaveraged band"
    return source.folder / f"{clips[0].corpus}-{version}-{hashlib.sha256(key).hexdigest()[:16]}.npz"


def _compute(clips: list[Clip], versions: list[int], files: list[Path], source: Source) -> None:
    for version, file in zip(versions, files, strict=True):
        values, owner = computed(clips, version, source)
        with atomic(file) as made:
            np.savez(made, values=values, owner=owner)


def computed(clips: list[Clip], version: int, source: Source) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    """Features and owners of the windows of ``clips``, in this process."""
    network = Network("trunk", source.trunk, n_threads=1, runtime=installed_runtimes()[0])
    values: list[NDArray[np.float16]] = []
    owner: list[int] = []
    for index, clip in enumerate(tqdm(clips, desc=f"{clips[0].corpus} {version}", unit="clip", disable=None)):
        for window in windows(clip, version, source):
            values.append(_features(network, window, source).astype(np.float16))
            owner.append(index)
    return np.stack(values), np.array(owner, np.int64)


def windows(clip: Clip, version: int, source: Source) -> Iterator[Floats]:
    """Windows (n_frames, n_bands) dB of ``clip`` in ``version``, relative to the loudest band, unaveraged."""
    geometry = source.geometry
    if version == AS_IT_COMES:
        yield from recorded_windows(clip, source.cache, geometry)
        return
    if version == AS_RECORDED:
        levels = decibels(clip, source.cache, geometry)
    else:
        levels = elsewhere(clip, version, source.noises, source.sound, source.cache, geometry)
    window = placing.moved(levels, seeded("moved", clip.corpus, clip.id, version), geometry)
    yield window + (levels.max() - window.max())  # the device relates a window to its own loudest band


def recorded_windows(clip: Clip, cache: Path, geometry: Geometry) -> Iterator[Floats]:
    """Windows (n_frames, n_bands) dB of a prepared ``clip`` as a device meets it."""
    if geometry == GEOMETRY:  # the images of the networks apart, to the step
        yield from levels_of(int8_input(dataset.images(clip, cache)))
    else:
        yield from placing.as_it_comes(decibels(clip, cache, geometry), geometry)


def _features(network: Network, window: Floats, source: Source) -> Floats:
    """(2 * width,) of ``window`` (n_frames, n_bands) dB, as ``edged.models.trunk`` computes them.

    For an image 0 dB is the loudest band before neighbours are averaged; the encoder takes any reference.
    """
    geometry = source.geometry
    if network.input.dtype == "float32":
        outputs = np.array(network.run(encoder_input(window)), np.float32)
    else:
        levels = np.maximum(window, np.float32(-geometry.top_db))
        steps = network.run(int8_input(steps_of(levels, geometry)))
        outputs = network.output.real(steps, out=np.empty(steps.shape, np.float32))
    outputs = outputs.reshape(-1, outputs.shape[-1])
    return pooled(outputs, active_positions(window, len(outputs), source.active_db))
