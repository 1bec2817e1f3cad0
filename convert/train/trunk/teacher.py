"""The encoder's features and scores of training clips: targets for the trunk.

    clips ──encoder──► pooled features, less their speaker's mean ──► principal components (n_clips, k)
                                                                  ──a linear head by folds──► shares (n_clips, 6)

A speaker's mean is that of 70 % neutral speech.  Subtracting it removes voice, room and microphone, as the device's
adaptation does; speech without labels counts as ordinary, as meetings are.  The head's shares of a clip come
from a head that was trained without its speaker; those of a clip without a label, from one that was trained on all
others.  Components are scaled so that the squares of all of them, the ones left out with them, sum up to 1 on average.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import LABELS, Clip
from convert.data.atomic_file import atomic
from convert.data.dataset import clips_hash
from convert.encoder.clip_features import clip_features
from convert.encoder.package import fetch
from convert.encoder.weights import read_weights
from convert.recipes.spec import TowerSpec
from convert.train.runs import Run
from edged.features.logmel import Floats

NEUTRAL_SHARE = 0.7  # of ordinary speech
_N_FOLDS = 5
_INVERSE_PENALTY = 1e-3  # of the head, on standardised features
_MIN_SPREAD = 1e-6
UNLABELLED = ""  # in place of the label of a clip that has none


@dataclass(frozen=True, slots=True)
class Targets:
    """Of each clip, in their order."""

    components: Floats  # (n_clips, k)
    shares: Floats  # (n_clips, n_labels), sum 1


def encoder_targets(run: Run, spec: TowerSpec, clips: Sequence[Clip]) -> Targets:
    """Of the training ``clips`` of ``run``, computed once and kept with the run."""
    layers = "-".join(map(str, spec.layers))
    file = run.path / f"encoder-{layers}-of-{spec.components}-{clips_hash(clips)}.npz"
    if not file.is_file():
        features = _features(run.work, run.cache, clips, spec.layers)
        made = targets(
            features,
            np.array([clip.label or UNLABELLED for clip in clips]),
            np.array([f"{clip.corpus} {clip.speaker}" for clip in clips]),
            spec.components,
        )
        with atomic(file) as written:
            np.savez(written, components=made.components, shares=made.shares)
    with np.load(file) as stored:
        return Targets(stored["components"], stored["shares"])


def targets(x: Floats, labels: NDArray[np.str_], speakers: NDArray[np.str_], n_components: int) -> Targets:
    """From the pooled features ``x`` (n_clips, n) of the encoder.  Clips without a label change no other one's."""
    known = labels != UNLABELLED
    standardised = (x - x[known].mean(axis=0)) / (x[known].std(axis=0) + _MIN_SPREAD)
    adapted = without_speakers(np.asarray(standardised, np.float32), labels, speakers)
    centred = adapted - adapted[known].mean(axis=0)
    variances, axes = np.linalg.eigh(centred[known].T @ centred[known] / known.sum())
    components = centred @ axes[:, ::-1][:, :n_components] / np.sqrt(variances.sum())
    return Targets(np.asarray(components, np.float32), _shares(adapted, labels, speakers))


def without_speakers(x: Floats, labels: NDArray[np.str_], speakers: NDArray[np.str_]) -> Floats:
    """(n_clips, n) ``x`` with each speaker's ordinary mean moved to that of all clips."""
    known = labels != UNLABELLED
    moved, centre = x.copy(), ordinary_mean(x[known], labels[known])
    for speaker in np.unique(speakers):
        of_speaker = speakers == speaker
        moved[of_speaker] += centre - ordinary_mean(x[of_speaker], labels[of_speaker])
    return moved


def ordinary_mean(x: Floats, labels: NDArray[np.str_]) -> Floats:
    """(n,) the mean of ``x`` (n_clips, n) as if 70 % of the clips were neutral."""
    neutral = labels == "neutral"
    if not neutral.any() or neutral.all():
        return np.asarray(x.mean(axis=0), np.float32)
    mean = NEUTRAL_SHARE * x[neutral].mean(axis=0) + (1 - NEUTRAL_SHARE) * x[~neutral].mean(axis=0)
    return np.asarray(mean, np.float32)


def _shares(x: Floats, labels: NDArray[np.str_], speakers: NDArray[np.str_]) -> Floats:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - takes a second

    known = labels != UNLABELLED
    names = np.random.default_rng(0).permutation(np.unique(speakers[known]))
    fold_of = {name: number % _N_FOLDS for number, name in enumerate(names)}
    folds = np.where(known, [fold_of.get(speaker, _N_FOLDS) for speaker in speakers], _N_FOLDS)
    shares = np.full((len(x), len(LABELS)), 1 / len(LABELS), np.float32)
    for fold in np.unique(folds):
        scored = folds == fold
        others = known & ~scored
        if set(labels[others]) == set(LABELS):
            head = LogisticRegression(C=_INVERSE_PENALTY, max_iter=150).fit(x[others], labels[others])
            columns = [list(head.classes_).index(label) for label in LABELS]
            shares[scored] = head.predict_proba(x[scored])[:, columns]
    return shares


def _features(work: Path, cache: Path, clips: Sequence[Clip], layers: Sequence[int]) -> Floats:
    """(n_clips, n) of the chosen ``layers``, side by side."""
    weights = read_weights(fetch(work / "encoder"))
    by_clip: dict[Clip, Floats] = {}
    for corpus in dict.fromkeys(clip.corpus for clip in clips):
        of_corpus = [clip for clip in clips if clip.corpus == corpus]
        values = clip_features(of_corpus, weights, cache, work / "encoder").values[:, list(layers)]
        by_clip.update(zip(of_corpus, values.reshape(len(of_corpus), -1), strict=True))
    return np.array([by_clip[clip] for clip in clips], np.float32)
