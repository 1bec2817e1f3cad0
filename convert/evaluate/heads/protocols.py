"""Corpora fold by fold with heads on a bundle's trunk: every speaker tested once, before adaptation and after a minute.

    features of a fold's other speakers and of other corpora ──► M1's head ──the fold's speakers──► confusions

A trunk that was trained on the corpus is refused, since it was trained on the speakers of every fold.  Heads are those
of the bundle's recipe; a protocol may let the corpus' windows count more.  Validation speakers are trained on too.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from convert import corpora
from convert.corpora.clip import LABELS, Clip
from convert.data import dataset, splits
from convert.data.material import material
from convert.evaluate import adaptation_curves
from convert.evaluate.feature_curves import settled
from convert.evaluate.heads.trunk_source import heads_of, recipe_of, source_of
from convert.evaluate.learning import Scoring
from convert.evaluate.protocols import Protocol, protocol
from convert.recipes.cascade import FIRST
from convert.recipes.spec import HeadsSpec
from convert.score.clip_scores import ClipWindows
from convert.score.folds import fold_row
from convert.tasks.job import Job, Result, Workers
from convert.tasks.processes import HERE
from convert.tasks.running import gathered
from convert.train.heads.network import softmax
from convert.train.heads.statistics import statistics
from convert.train.heads.training import trained
from convert.train.heads.window_features import AS_IT_COMES, Source, WindowFeatures, window_features
from convert.train.runs import Run
from edged.errors import UsageError
from edged.features.logmel import Floats
from edged.models.bundle import Bundle
from edged.models.feature_statistics import FeatureStatistics

OTHERS = {"cremad": ("emodb",), "emodb": ("cremad",), "ravdess": ("cremad", "emodb")}  # trained on beside a corpus
_N_SPLITS = 3  # of a speaker's clips into those to adapt to and those to test


def fold_results(  # noqa: PLR0913, PLR0917 -- a corpus, a trunk, where clips and results lie, and who trains
    bundle: Bundle, name: str, folder: Path, work: Path, seed: int, fold: int | None = None, workers: Workers = HERE
) -> dict[str, Any]:
    """The rows of each fold of the corpus ``name`` by its number, with heads of the recipe and trunk of ``bundle``.

    Raises:
        UsageError: the trunk was trained on the corpus; see also ``recipe_of``.
    """
    chosen, recipe = protocol(name), recipe_of(bundle)
    if recipe.trunk is not None and name in recipe.corpora:
        raise UsageError(f"{bundle.path}: its trunk was trained on {name}, expected one that never saw the corpus")
    run = Run(recipe, seed, None, work, material(folder, recipe))
    made, spec = source_of(bundle, run.material, work), spec_of(chosen, heads_of(recipe))
    dataset.prepare(list(made.noises), run.cache)
    own = _by_side(_relabelled(corpora.read(folder / name), chosen), made, spec)
    others = [
        group
        for other in OTHERS[name]
        for group in _features([clip for clip in run.material.train if clip.corpus == other], made, spec)
    ]
    folds = range(chosen.n_folds) if fold is None else (fold,)
    jobs = [Job(str(number), _fold, (chosen, spec, own, others, number, run)) for number in folds]
    return gathered(jobs, workers, f"{name}, folds")


def spec_of(chosen: Protocol, spec: HeadsSpec) -> HeadsSpec:
    """``spec`` with the weight that ``chosen`` gives its corpus."""
    if chosen.weight is None:
        return spec
    return dataclasses.replace(spec, repeats=tuple({**dict(spec.repeats), chosen.corpus: chosen.weight}.items()))


def _fold(  # noqa: PLR0913, PLR0917 -- a fold of a protocol, and what it is trained on
    chosen: Protocol,
    spec: HeadsSpec,
    own: Sequence[WindowFeatures],
    others: Sequence[WindowFeatures],
    number: int,
    run: Run,
) -> Result:
    speakers = {clip.speaker for group in own for clip in group.clips}
    split = splits.split_of(chosen.corpus, speakers, number)
    is_test = [np.array([split[clip.speaker] == "test" for clip in group.clips]) for group in own]
    training = [*others, *(group.of(~test) for group, test in zip(own, is_test, strict=True) if not test.all())]
    known = statistics([group for group in training if group.version == AS_IT_COMES], spec)
    head = trained(training, known, spec, run.seed, {FIRST: chosen.labels})[FIRST]
    tested = [
        group.of(test) for group, test in zip(own, is_test, strict=True) if test.any() and group.version == AS_IT_COMES
    ]
    rows = tested_rows(chosen, lambda features: softmax(head.logits(features)), known, tested, run.cache)
    return {"rows": rows}


def tested_rows(
    chosen: Protocol, scoring: Scoring, known: FeatureStatistics, tested: Sequence[WindowFeatures], cache: Path
) -> dict[str, Any]:
    """The rows of a fold: its clips ``tested``, by the scores (n, n_labels) that ``scoring`` gives features (n, m).

    Rows of the six labels have one after a minute of the speaker too, adapted from ``known``.
    """
    rows = {}
    for title, row in chosen.rows.items():
        labels = tuple(dict.fromkeys(row.values()))
        rows[title] = _row(labels, row, chosen.labels, scoring, tested)
        if set(labels) == set(LABELS):
            rows[f"{title}, after 60 s"] = _adapted_row(row, chosen.labels, scoring, known, tested, cache)
    return rows


def _row(
    labels: Sequence[str],
    row: Mapping[str, str],
    own: Sequence[str],
    scoring: Scoring,
    tested: Sequence[WindowFeatures],
) -> dict[str, Any]:
    truth, predicted, speakers = [], [], []
    for group in tested:
        windows = ClipWindows(group.clips, group.values, group.owner)
        scores = windows.by_clip(_merged(scoring(group.values), own, row, labels))
        truth += [labels.index(row[str(clip.label)]) if clip.label in row else -1 for clip in group.clips]
        predicted += scores.argmax(axis=1).tolist()
        speakers += [clip.speaker for clip in group.clips]
    return fold_row(labels, np.array(truth), np.array(predicted), speakers)


def _adapted_row(  # noqa: PLR0913, PLR0917 -- as above
    row: Mapping[str, str],
    own: Sequence[str],
    scoring: Scoring,
    known: FeatureStatistics,
    tested: Sequence[WindowFeatures],
    cache: Path,
) -> dict[str, Any]:
    def of_row(features: Floats) -> Floats:
        return _merged(scoring(features), own, row, LABELS)

    truth, predicted, speakers = [], [], []
    for group in tested:
        named = np.array([clip.label in row for clip in group.clips])
        in_row = group.of(named)
        clips = [dataclasses.replace(clip, label=row[str(clip.label)]) for clip in in_row.clips]
        windows = ClipWindows(clips, in_row.values, in_row.owner)
        homes = adaptation_curves.homes(LABELS, in_row.values, windows, cache)
        for speaker in np.unique(homes.speakers):
            for split in range(_N_SPLITS):
                rng = np.random.default_rng([split, *str(speaker).encode()])
                device, halves = settled(homes, str(speaker), known, of_row, rng)
                for clip in halves:
                    scores = device.scores(homes.inputs[clip]).mean(axis=0)
                    truth.append(int(homes.truth[clip]))
                    predicted.append(int(scores.argmax()))
                    speakers.append(str(speaker))
    return fold_row(LABELS, np.array(truth), np.array(predicted), speakers)


def _merged(scores: Floats, own: Sequence[str], row: Mapping[str, str], to: Sequence[str]) -> Floats:
    """(n, n_labels) shares of ``to``, of what the labels in ``row`` have of ``scores``."""
    total = np.zeros((len(scores), len(to)), np.float32)
    for index, label in enumerate(own):
        if label in row:
            total[:, to.index(row[label])] += scores[:, index]
    return np.asarray(total / total.sum(axis=1, keepdims=True), np.float32)


def _relabelled(clips: Sequence[Clip], chosen: Protocol) -> list[Clip]:
    labelled = []
    for clip in clips:
        label = clip.emotion if clip.emotion in chosen.labels else clip.label
        if label is not None:
            labelled.append(dataclasses.replace(clip, label=label))
    return labelled


def _by_side(clips: Sequence[Clip], made: Source, spec: HeadsSpec) -> list[WindowFeatures]:
    """By the committed sides, whose features the bundle's own training has already computed."""
    split = splits.split_of(clips[0].corpus, {clip.speaker for clip in clips})
    sides = [[clip for clip in clips if split[clip.speaker] == side] for side in splits.SPLITS]
    return [group for side in sides if side for group in _features(side, made, spec)]


def _features(clips: Sequence[Clip], made: Source, spec: HeadsSpec) -> list[WindowFeatures]:
    dataset.prepare(clips, made.cache)
    return window_features(clips, range(spec.versions), made)
