"""The baseline that every CNN must beat: support vector machines on statistics of MFCC over the clip.

    audio ──python_speech_features──► 13 MFCC, deltas, their deltas (k, 39) ──mean, sd, 10th, 90th percentile──► (156,)
    stored log-mel (k, 64) ──DCT──► 13 coefficients, the same from there on
    (n_clips, 156) ──standardised, support vector machine──► labels

CREMA-D may come as log-mel only.  Its coefficients are then the DCT of the 64 bands, which differs from an MFCC only in
the number of bands.  So there are two kinds: ``dct`` is trained on every corpus of the recipe, ``mfcc`` only on those
with audio.  C is chosen on the validation speakers, like an epoch.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import python_speech_features as psf
from numpy.typing import NDArray
from scipy.fft import dct
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from tqdm import tqdm

from convert.corpora.clip import Clip
from convert.data import dataset, recordings
from convert.data.atomic_file import atomic
from convert.data.material import Material
from convert.recipes.cascade import FIRST, LABELS, TASKS
from convert.score.metrics import Metrics, clip_metrics, confusion, uar
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_N_CEPSTRA = 13
_DELTA_FRAMES = 2  # on each side
_MIN_LABELS = 2
_MARGINS = (0.3, 1.0, 3.0, 10.0)  # C


def with_svm(rows: Mapping[str, Any], material: Material, cache: Path, seed: int) -> dict[str, Any]:
    """``rows`` by group of clips, each with the metrics of the machines that were tested on it."""
    machines = svm_metrics(material, cache, seed)
    return {
        name: {**row, "svm": {kind: groups[name].as_json() for kind, groups in machines.items() if name in groups}}
        for name, row in rows.items()
    }


def svm_metrics(material: Material, cache: Path, seed: int) -> dict[str, dict[str, Metrics]]:
    """By kind (``dct``, ``mfcc``) and group of clips (test and unseen corpora): the metrics.

    ``dct m2`` … are the first kind on the labels of each further model alone.
    """
    sides = _Sides(material, lambda clip: from_logmel(clip, cache))
    kinds = {"dct": sides.metrics(LABELS, seed)}
    for task, labels in TASKS.items():
        if task != FIRST:
            kinds[f"dct {task}"] = sides.metrics(labels, seed)
    if any(clip.audio for clip in material.train) and any(clip.audio for clip in material.validation):
        kinds["mfcc"] = _Sides(_with_audio(material), lambda clip: from_audio(clip, cache)).metrics(LABELS, seed)
    return {kind: groups for kind, groups in kinds.items() if groups}


def from_logmel(clip: Clip, cache: Path) -> Floats:
    """(156,) statistics of the DCT of the clip's log-mel, dB below its loudest cell, no deeper than 80."""
    levels = dataset.load([clip], cache).frames.astype(np.float32)
    cepstra = dct(np.maximum(levels, -GEOMETRY.top_db), type=2, norm="ortho", axis=1)[:, :_N_CEPSTRA]
    return _statistics(cepstra)


def from_audio(clip: Clip, cache: Path) -> Floats:
    """(156,) statistics of the clip's MFCC: 25 ms every 10 ms, 26 filters, the first coefficient the log energy."""
    target = cache / f"{dataset.key(clip)}.mfcc.npy"
    if not target.is_file():
        if clip.audio is None:
            raise ValueError(f"clip {clip.id} has no audio")
        samples = recordings.samples(clip.audio, clip.padded_s)
        mfcc = psf.mfcc(samples, GEOMETRY.sample_rate_hz, numcep=_N_CEPSTRA, winfunc=np.hamming)
        with atomic(target) as file:
            np.save(file, _statistics(mfcc))
    statistics: Floats = np.load(target)
    return statistics


def deltas(course: NDArray[Any]) -> NDArray[Any]:
    """The slope of ``course`` (k, n) over two frames on each side, as ``python_speech_features.delta`` has it."""
    padded = np.pad(course, ((_DELTA_FRAMES, _DELTA_FRAMES), (0, 0)), mode="edge")
    reach = range(1, _DELTA_FRAMES + 1)
    middle, size = _DELTA_FRAMES, len(course)
    slope = sum(n * (padded[middle + n : middle + n + size] - padded[middle - n : middle - n + size]) for n in reach)
    return np.asarray(slope / (2 * sum(n * n for n in reach)))


def _statistics(cepstra: NDArray[Any]) -> Floats:
    course = np.concatenate([cepstra, deltas(cepstra), deltas(deltas(cepstra))], axis=1)
    low, high = np.percentile(course, [10, 90], axis=0)
    return np.asarray(np.concatenate([course.mean(axis=0), course.std(axis=0), low, high]), np.float32)


class _Sides:
    """The features of all clips of a material, by side."""

    def __init__(self, material: Material, features: Callable[[Clip], Floats]) -> None:
        groups = {name: clips for name, clips in (*material.test.items(), *material.unseen.items()) if clips}
        self._train = material.train, _matrix(material.train, features)
        self._validation = material.validation, _matrix(material.validation, features)
        self._groups = {name: (clips, _matrix(clips, features)) for name, clips in groups.items()}

    def metrics(self, labels: Sequence[str], seed: int) -> dict[str, Metrics]:
        """By group, of a classifier of ``labels`` alone; empty where training or validation clips are missing."""
        train, truth, _ = _with_label(self._train, labels)
        validation, validation_truth, _ = _with_label(self._validation, labels)
        if len(np.unique(truth)) < _MIN_LABELS or not len(validation_truth):
            return {}
        fitted = [_classifier(margin).fit(train, truth) for margin in _MARGINS]
        best = max(
            fitted,
            key=lambda classifier: uar(confusion(validation_truth, classifier.predict(validation), len(labels))),
        )
        results = {}
        for name, group in self._groups.items():
            inputs, expected, speakers = _with_label(group, labels)
            if len(expected):
                results[name] = clip_metrics(labels, expected, best.predict(inputs), speakers, seed)
        return results


def _with_label(group: tuple[list[Clip], Floats], labels: Sequence[str]) -> tuple[Floats, NDArray[np.int64], list[str]]:
    """Features, truth and speakers of the clips that have one of ``labels``."""
    clips, matrix = group
    chosen = [index for index, clip in enumerate(clips) if clip.label in labels]
    truth = np.array([labels.index(str(clips[index].label)) for index in chosen], np.int64)
    return matrix[chosen], truth, [clips[index].speaker for index in chosen]


def _classifier(margin: float) -> Pipeline:
    return make_pipeline(StandardScaler(), SVC(C=margin, class_weight="balanced"))


def _matrix(clips: Sequence[Clip], features: Callable[[Clip], Floats]) -> Floats:
    return np.stack(
        [features(clip) for clip in tqdm(clips, desc="svm", unit="clip", mininterval=1, leave=False, disable=None)]
    )


def _with_audio(material: Material) -> Material:
    def audible(clips: list[Clip]) -> list[Clip]:
        return [clip for clip in clips if clip.audio]

    return Material(
        audible(material.train),
        audible(material.validation),
        {name: audible(clips) for name, clips in material.test.items()},
        {name: audible(clips) for name, clips in material.unseen.items()},
    )
