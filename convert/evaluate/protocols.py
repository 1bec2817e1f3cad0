"""A corpus' published protocol: every speaker tested once, by a network that never heard them.

    start's first model, which never heard the corpus ──tuned on a fold's training speakers──► m1.npz, m1.tflite
        ──the fold's test speakers, int8──► tested.npz
    tested.npz ──► what each speaker of the fold was answered

A fold is tuned on its speakers' clips and on some of those that ``start`` was trained on, so that those are not
forgotten; its epoch is chosen on speakers who are neither.  A fold that is done is not done again.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from convert import corpora
from convert.data import dataset, splits
from convert.data.atomic_file import atomic
from convert.data.material import Material, material
from convert.recipes.cascade import FIRST, LABELS
from convert.recipes.catalogue import RECIPES
from convert.recipes.spec import Recipe
from convert.score import clip_scores
from convert.score.folds import answered
from convert.train.networks import FLATTENING
from convert.train.quantize import checked_size, full_integer, representative_set
from convert.train.runs import Run
from convert.train.stage import train, trained, tune
from edged.errors import UsageError
from edged.features.logmel import Floats
from edged.models.cascade import sharpened
from edged.models.interpreter import installed_runtimes

Row = Mapping[str, str]  # which of a row's labels a network's label counts as; one that is absent is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How a corpus is judged."""

    corpus: str
    start: Recipe  # trained on other corpora, untaught; or on each fold of this one, where nothing is tuned
    start_fold: int | None = None  # of those other corpora, where it is one that their own protocol trains anyway
    tuned: bool = True
    labels: tuple[str, ...] = LABELS  # the corpus' own words where they are not among the six
    begins: Row = field(default_factory=dict)  # which of the six labels another one begins as
    rows: Mapping[str, Row] = field(default_factory=lambda: {"6 labels": {label: label for label in LABELS}})
    repeats: int = 2  # how often an epoch has the corpus' clips
    every: int = 4  # one in so many clips of those that ``start`` was trained on is heard again
    epochs: int = 24
    learning_rate: float = 3e-3

    @property
    def n_folds(self) -> int:
        """How often the corpus' speakers are dealt out."""
        return splits.N_BLOCKS[self.corpus] // splits.TEST_BLOCKS[self.corpus]


_ALL_OF_RAVDESS = (*LABELS, "calm", "surprise")
PROTOCOLS = {
    "ravdess": Protocol(
        corpus="ravdess",
        start=RECIPES["default-untaught"],
        start_fold=0,
        every=6,
        epochs=48,
        labels=_ALL_OF_RAVDESS,
        begins={"calm": "neutral", "surprise": "happy"},
        rows={
            "8 labels": {label: label for label in _ALL_OF_RAVDESS},
            "6 labels, calm counts as neutral": {label: label for label in LABELS} | {"calm": "neutral"},
        },
    ),
    "emodb": Protocol(corpus="emodb", start=RECIPES["research-less-emodb"], repeats=3, every=8),
    "cremad": Protocol(corpus="cremad", start=RECIPES["default"], tuned=False),
}


def protocol(name: str) -> Protocol:
    """The protocol of the corpus ``name``.

    Raises:
        UsageError: there is none.
    """
    if name not in PROTOCOLS:
        raise UsageError(f"protocol {name!r}: expected one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


def judged(chosen: Protocol, folder: Path, work: Path, seed: int, fold: int | None = None) -> dict[str, Any]:
    """Tunes and tests what is not done yet of ``fold``, or of all folds; by fold, what its speakers were answered."""
    folds = range(chosen.n_folds) if fold is None else (fold,)
    if chosen.tuned:
        found = material(folder, chosen.start, chosen.start_fold)
        start = Run(chosen.start, seed, chosen.start_fold, work, found)
        if chosen.corpus in chosen.start.corpora:
            raise UsageError(f"recipe {chosen.start.name}: trains on {chosen.corpus}, expected one that never heard it")
        dataset.prepare(found.train + found.validation, start.cache)
        train(start, (FIRST,))
        runs = [_tuned(chosen, folder, start, number) for number in folds]
    else:
        runs = [_whole(chosen, folder, work, seed, number) for number in folds]
    return {
        str(number): {"rows": {name: _answered(chosen, row, run) for name, row in chosen.rows.items()}}
        for number, run in zip(folds, runs, strict=True)
    }


def _whole(chosen: Protocol, folder: Path, work: Path, seed: int, number: int) -> Run:
    run = Run(chosen.start, seed, number, work, material(folder, chosen.start, number))
    if not _tested(run).is_file():
        dataset.prepare(run.material.all(), run.cache)
        train(run, (FIRST,))
        _test(chosen, run)
    return run


def _tuned(chosen: Protocol, folder: Path, start: Run, number: int) -> Run:
    clips = []
    for clip in corpora.read(folder / chosen.corpus):
        label = clip.emotion if clip.emotion in chosen.labels else clip.label
        if label is not None:
            clips.append(dataclasses.replace(clip, label=label))
    split = splits.split_of(chosen.corpus, {clip.speaker for clip in clips}, number)
    sides = {side: [clip for clip in clips if split[clip.speaker] == side] for side in splits.SPLITS}
    recipe = dataclasses.replace(
        chosen.start,
        name=f"{chosen.corpus}-tuned",
        start=start.path.name,
        corpora=(*chosen.start.corpora, chosen.corpus),
        strangers=(),
        epochs_after=min(chosen.epochs, chosen.start.epochs),
        learning_rate_after=chosen.learning_rate,
        repeats=((chosen.corpus, chosen.repeats),),
    )
    known = start.material.train[:: chosen.every]
    found = Material(sides["train"] + known, sides["validation"], {chosen.corpus: sides["test"]}, {})
    run = Run(recipe, start.seed, number, start.work, found)
    if not _tested(run).is_file():
        dataset.prepare(found.all(), run.cache)
        tune(run, chosen.labels, start, {label: label for label in LABELS} | dict(chosen.begins))
        _test(chosen, run)
    return run


def _tested(run: Run) -> Path:
    return run.path / "tested.npz"


def _test(chosen: Protocol, run: Run) -> None:
    """Quantizes the fold's network and keeps its scores of every test clip, in the order of the material."""
    model = trained(run, FIRST, chosen.labels)
    checked_size(FIRST, model)
    content = full_integer(model, representative_set(run))
    (run.path / f"{FIRST}.tflite").write_bytes(content)
    windows = clip_scores.heard(run.material.test[chosen.corpus], run.cache)
    by_model = clip_scores.int8_scores(
        {FIRST: content}, {FIRST: len(chosen.labels)}, installed_runtimes()[0], windows, run.path / "scores"
    )
    with atomic(_tested(run)) as file:
        np.savez(file, scores=windows.by_clip(sharpened(by_model[FIRST], 1 / FLATTENING)))


def _answered(chosen: Protocol, row: Row, run: Run) -> dict[str, Any]:
    """The clips of a fold whose label is in ``row``."""
    labels = list(dict.fromkeys(row.values()))
    clips = run.material.test[chosen.corpus]
    with np.load(_tested(run)) as kept:
        found = _merged(kept["scores"], chosen.labels, row, labels)
    truth = np.array([labels.index(row[str(clip.label)]) if clip.label in row else -1 for clip in clips])
    return answered(labels, truth, found.argmax(axis=1), [clip.speaker for clip in clips])


def _merged(found: Floats, labels: tuple[str, ...], row: Row, to: list[str]) -> Floats:
    """(n_clips, n) shares of ``to`` from those of ``labels``."""
    total = np.zeros((len(found), len(to)), np.float32)
    for place, label in enumerate(labels):
        if label in row:
            total[:, to.index(row[label])] += found[:, place]
    return total
