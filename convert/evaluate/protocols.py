"""A corpus' published protocol: every speaker is tested once, by a network that was not trained on them.

    start's first model, not trained on the corpus ──fine-tuned on a fold's training speakers──► m1.npz, m1.tflite
        ──the fold's test speakers, int8──► tested.npz
    tested.npz ──► a confusion matrix for each speaker of the fold

A fold is fine-tuned on its training speakers' clips and on some of the clips that ``start`` was trained on, so that the
network does not forget them.  The epoch is chosen on other speakers.  A finished fold is not repeated.
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
from convert.score.folds import fold_row
from convert.tasks.job import Job, Result, Workers
from convert.tasks.processes import HERE
from convert.tasks.running import gathered
from convert.train.runs import Run
from edged.errors import UsageError
from edged.features.logmel import Floats
from edged.models.cascade import sharpened
from edged.models.interpreter import installed_runtimes

Row = Mapping[str, str]  # by label of the network, the label of the row that it counts as; absent labels are left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How a corpus is tested."""

    corpus: str
    start: Recipe  # undistilled, of other corpora; or trained on each fold of this one, where nothing is fine-tuned
    start_fold: int | None = None  # of those other corpora, if their own protocol trains it anyway
    tuned: bool = True
    labels: tuple[str, ...] = LABELS  # of the network; the corpus may have others than the six
    begins: Row = field(default_factory=dict)  # by other label, the one of the six whose weights it starts from
    rows: Mapping[str, Row] = field(default_factory=lambda: {"6 labels": {label: label for label in LABELS}})
    repeats: int = 2  # how often an epoch repeats the corpus' clips
    weight: float | None = None  # of the corpus' windows for heads, where it is not the recipe's
    every: int = 4  # one in so many of the clips that ``start`` was trained on is trained on again
    epochs: int = 24
    learning_rate: float = 3e-3

    @property
    def n_folds(self) -> int:
        """The number of folds."""
        return splits.N_BLOCKS[self.corpus] // splits.TEST_BLOCKS[self.corpus]


_ALL_OF_RAVDESS = (*LABELS, "calm", "surprise")
PROTOCOLS = {
    "ravdess": Protocol(
        corpus="ravdess",
        start=RECIPES["default-undistilled"],
        start_fold=0,
        weight=8.0,
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


def fold_results(  # noqa: PLR0913, PLR0917 - a protocol, where clips and results lie, and who trains
    chosen: Protocol, folder: Path, work: Path, seed: int, fold: int | None = None, workers: Workers = HERE
) -> dict[str, Any]:
    """Trains and tests ``fold``, or all folds, unless finished; returns the rows of each fold by its number."""
    folds = range(chosen.n_folds) if fold is None else (fold,)
    if chosen.tuned:
        clips = material(folder, chosen.start, chosen.start_fold)
        start = Run(chosen.start, seed, chosen.start_fold, work, clips)
        if chosen.corpus in chosen.start.corpora:
            raise UsageError(f"recipe {chosen.start.name}: trains on {chosen.corpus}, expected one that does not")
        from convert.train.stage import train  # noqa: PLC0415 - TensorFlow takes seconds

        dataset.prepare(clips.train + clips.validation, start.cache)
        train(start, (FIRST,), workers)
        jobs = [Job(str(number), _tuned_rows, (chosen, folder, start, number)) for number in folds]
    else:
        jobs = [Job(str(number), _whole_rows, (chosen, folder, work, seed, number)) for number in folds]
    return gathered(jobs, workers, f"{chosen.corpus}, folds")


def _tuned_rows(chosen: Protocol, folder: Path, start: Run, number: int) -> Result:
    return _rows(chosen, _tuned(chosen, folder, start, number))


def _whole_rows(chosen: Protocol, folder: Path, work: Path, seed: int, number: int) -> Result:
    return _rows(chosen, _whole(chosen, folder, work, seed, number))


def _rows(chosen: Protocol, run: Run) -> Result:
    return {"rows": {name: _row(chosen, row, run) for name, row in chosen.rows.items()}}


def _whole(chosen: Protocol, folder: Path, work: Path, seed: int, number: int) -> Run:
    run = Run(chosen.start, seed, number, work, material(folder, chosen.start, number))
    if not _tested(run).is_file():
        from convert.train.stage import train  # noqa: PLC0415 - TensorFlow takes seconds

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
        unseen=(),
        epochs_after=min(chosen.epochs, chosen.start.epochs),
        learning_rate_after=chosen.learning_rate,
        repeats=((chosen.corpus, chosen.repeats),),
    )
    known = start.material.train[:: chosen.every]
    of_fold = Material(sides["train"] + known, sides["validation"], {chosen.corpus: sides["test"]}, {})
    run = Run(recipe, start.seed, number, start.work, of_fold)
    if not _tested(run).is_file():
        from convert.train.stage import tune  # noqa: PLC0415 - TensorFlow takes seconds

        dataset.prepare(of_fold.all(), run.cache)
        tune(run, chosen.labels, start, {label: label for label in LABELS} | dict(chosen.begins))
        _test(chosen, run)
    return run


def _tested(run: Run) -> Path:
    return run.path / "tested.npz"


def _test(chosen: Protocol, run: Run) -> None:
    """Quantizes the fold's network and saves its scores of every test clip, in the order of the material."""
    from convert.train.networks import FLATTENING  # noqa: PLC0415 - TensorFlow takes seconds
    from convert.train.quantize import checked_size, full_integer, representative_set  # noqa: PLC0415 - TensorFlow takes seconds
    from convert.train.stage import trained  # noqa: PLC0415 - TensorFlow takes seconds

    model = trained(run, FIRST, chosen.labels)
    checked_size(FIRST, model)
    content = full_integer(model, representative_set(run))
    with atomic(run.path / f"{FIRST}.tflite") as file:
        file.write(content)
    windows = clip_scores.clip_windows(run.material.test[chosen.corpus], run.cache)
    by_model = clip_scores.int8_scores(
        {FIRST: content}, {FIRST: len(chosen.labels)}, installed_runtimes()[0], windows, run.path / "scores"
    )
    with atomic(_tested(run)) as file:
        np.savez(file, scores=windows.by_clip(sharpened(by_model[FIRST], 1 / FLATTENING)))


def _row(chosen: Protocol, row: Row, run: Run) -> dict[str, Any]:
    """The fold's clips whose label is in ``row``."""
    labels = list(dict.fromkeys(row.values()))
    clips = run.material.test[chosen.corpus]
    with np.load(_tested(run)) as saved:
        scores = _merged(saved["scores"], chosen.labels, row, labels)
    truth = np.array([labels.index(row[str(clip.label)]) if clip.label in row else -1 for clip in clips])
    return fold_row(labels, truth, scores.argmax(axis=1), [clip.speaker for clip in clips])


def _merged(scores: Floats, labels: tuple[str, ...], row: Row, to: list[str]) -> Floats:
    """(n_clips, n) shares of ``to`` from those of ``labels``."""
    total = np.zeros((len(scores), len(to)), np.float32)
    for label_index, label in enumerate(labels):
        if label in row:
            total[:, to.index(row[label])] += scores[:, label_index]
    return total
