"""What every CNN must beat: MFCC, their statistics over the clip, and a small classifier.

    audio ──python_speech_features──► 13 MFCC, deltas, their deltas (k, 39) ──mean, sd, 10th, 90th percentile──► (156,)
    stored log-mel (k, 64) ──DCT──► 13 coefficients, the same from there on
    (n_clips, 156) ──standardised, support vectors──► answers

Of CREMA-D only log-mel is at hand where its index is used: there the coefficients are the DCT of its 64 bands, which
is what an MFCC is but for the number of bands.  So there are two baselines: ``dct`` sees every corpus of the recipe,
``mfcc`` those with audio only.  The classifier's C is chosen on the validation speakers, as an epoch is.
"""

from collections.abc import Callable, Sequence
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
from convert.data.material import Material
from convert.recipes.cascade import FIRST, LABELS, TASKS
from convert.score.metrics import Figures, confusion, figures, uar
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_N_CEPSTRA = 13
_DELTA_FRAMES = 2  # on each side
_LEAST_LABELS = 2
_MARGINS = (0.3, 1.0, 3.0, 10.0)  # C


def baselines(material: Material, cache: Path, seed: int) -> dict[str, dict[str, Figures]]:
    """By kind (``dct``, ``mfcc``) and group of clips (test and strangers, by corpus): the classifier's figures.

    ``dct m2`` … are the first kind on the labels of each further model alone.
    """
    seen = _Sides(material, lambda clip: from_logmel(clip, cache))
    found = {"dct": seen.figures(LABELS, seed)}
    for task, labels in TASKS.items():
        if task != FIRST:
            found[f"dct {task}"] = seen.figures(labels, seed)
    if any(clip.audio for clip in material.train) and any(clip.audio for clip in material.validation):
        found["mfcc"] = _Sides(_with_audio(material), lambda clip: from_audio(clip, cache)).figures(LABELS, seed)
    return {kind: rows for kind, rows in found.items() if rows}


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
        np.save(target, _statistics(psf.mfcc(samples, GEOMETRY.sample_rate_hz, numcep=_N_CEPSTRA, winfunc=np.hamming)))
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
    """The features of all clips of a material, by what they are for."""

    def __init__(self, material: Material, features: Callable[[Clip], Floats]) -> None:
        groups = {name: clips for name, clips in (*material.test.items(), *material.strangers.items()) if clips}
        self._train = material.train, _matrix(material.train, features)
        self._validation = material.validation, _matrix(material.validation, features)
        self._groups = {name: (clips, _matrix(clips, features)) for name, clips in groups.items()}

    def figures(self, labels: Sequence[str], seed: int) -> dict[str, Figures]:
        """By group, of a classifier of ``labels`` alone; empty where they cannot be told apart."""
        train, truth, _ = _with_label(self._train, labels)
        held, held_truth, _ = _with_label(self._validation, labels)
        if len(np.unique(truth)) < _LEAST_LABELS or not len(held_truth):
            return {}
        fitted = [_classifier(margin).fit(train, truth) for margin in _MARGINS]
        best = max(fitted, key=lambda classifier: uar(confusion(held_truth, classifier.predict(held), len(labels))))
        found = {}
        for name, group in self._groups.items():
            inputs, wanted, speakers = _with_label(group, labels)
            if len(wanted):
                found[name] = figures(labels, wanted, best.predict(inputs), speakers, seed)
        return found


def _with_label(group: tuple[list[Clip], Floats], labels: Sequence[str]) -> tuple[Floats, NDArray[np.int64], list[str]]:
    """Features, truth and speakers of the clips that have one of ``labels``."""
    clips, matrix = group
    own = [place for place, clip in enumerate(clips) if clip.label in labels]
    truth = np.array([labels.index(str(clips[place].label)) for place in own], np.int64)
    return matrix[own], truth, [clips[place].speaker for place in own]


def _classifier(margin: float) -> Pipeline:
    return make_pipeline(StandardScaler(), SVC(C=margin, class_weight="balanced"))


def _matrix(clips: Sequence[Clip], features: Callable[[Clip], Floats]) -> Floats:
    return np.stack([features(clip) for clip in tqdm(clips, desc="baseline", unit="clip", mininterval=1, leave=False)])


def _with_audio(material: Material) -> Material:
    def heard(clips: list[Clip]) -> list[Clip]:
        return [clip for clip in clips if clip.audio]

    return Material(
        heard(material.train),
        heard(material.validation),
        {name: heard(clips) for name, clips in material.test.items()},
        {name: heard(clips) for name, clips in material.strangers.items()},
    )
