"""Clips to trained networks: the first over all labels, the others from its weights.

    Dataset, Batches ──epochs──► m1.npz; if the recipe has a teacher:
    m1.npz of several seeds ──► soft targets of each clip ──from m1.npz, more epochs──► m1.npz of the student
    m1.npz ──the same for each of m2 … m5──► m2.npz … m5.npz

The best epoch is chosen on the validation speakers alone, on their clips and augmented copies of them: an epoch that is
best on clips as recorded may be the worst in other rooms.  A finished model is not trained again.  TensorFlow uses a
GPU if it finds one (the extra convert-gpu); no code and no command names a device.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from convert.augment.batches import Batches
from convert.augment.copies import prepare, versions
from convert.data import dataset
from convert.data.targets import head_targets, label_targets
from convert.recipes.cascade import FIRST
from convert.recipes.spec import Recipe
from convert.score import clip_scores
from convert.tasks import files
from convert.tasks.job import Job, Result, Workers
from convert.tasks.processes import HERE
from convert.train.epochs import Schedule, Training, put
from convert.train.losses import heads
from convert.train.networks import network, scoring
from convert.train.runs import Run
from convert.train.teacher import soft_targets, teachers, undistilled
from edged.errors import UsageError

_ON_GPU_THREADS = 8


def train(run: Run, tasks: Iterable[str] = (), workers: Workers = HERE) -> None:
    """Trains ``tasks``, or all, where that is not done yet; teachers first, then the first model, then the others.

    Teachers are independent: ``workers`` train them, several at once.
    """
    for task in tasks or run.recipe.cascade.tasks:
        if weights_file(run, task).is_file():
            continue
        recipe, labels = run.recipe, run.recipe.cascade.tasks[task]
        if task != FIRST:
            _fit(run, task, labels, _after(recipe), (weights_file(run, FIRST), _rows(run, labels)))
        elif recipe.teacher.seeds:
            others = {weights_file(other, FIRST): other for other in (*teachers(run), undistilled(run))}
            jobs = {file: Job(other.path.name, _first_model, (other,)) for file, other in others.items()}
            files.make(jobs, workers)
            schedule = Schedule(recipe.teacher.epochs, recipe.teacher.learning_rate, recipe.warmup_epochs_after)
            _fit(run, FIRST, labels, schedule, (weights_file(undistilled(run), FIRST), _rows(run, labels)))
        else:
            _fit(run, FIRST, labels, Schedule(recipe.epochs, recipe.learning_rate, recipe.warmup_epochs))


def _first_model(run: Run) -> Result:
    train(run, (FIRST,))
    return files.packed(weights_file(run, FIRST))


def tune(run: Run, labels: Sequence[str], start: Run, rows: Mapping[str, str]) -> None:
    """Fine-tunes the first model of ``start`` to ``labels``, as the first model of ``run``.

    ``rows`` gives for each of ``labels`` the one of the six labels whose weights it starts from.
    """
    if not weights_file(run, FIRST).is_file():
        begins = _rows(start, [rows[label] for label in labels])
        _fit(run, FIRST, labels, _after(run.recipe), (weights_file(start, FIRST), begins))


def _after(recipe: Recipe) -> Schedule:
    return Schedule(recipe.epochs_after, recipe.learning_rate_after, recipe.warmup_epochs_after)


def _rows(run: Run, labels: Sequence[str]) -> list[int]:
    return [run.recipe.cascade.labels.index(label) for label in labels]


def _fit(
    run: Run, task: str, labels: Sequence[str], schedule: Schedule, start: tuple[Path, list[int]] | None = None
) -> None:
    """Trains one model; from the weights in ``start``, which also gives the row of their head for each label."""
    gpus = tf.config.list_physical_devices("GPU")
    print(f"train: {run.path}, on {f'{len(gpus)} GPU' if gpus else 'CPU'}", file=sys.stderr)
    recipe = run.recipe
    chosen = [clip for clip in run.material.train if clip.label in labels]
    validation = [clip for clip in run.material.validation if clip.label in labels]
    if not validation:
        raise UsageError(f"{task}: no clips of validation speakers with one of {', '.join(labels)}")
    n_copies = recipe.augmented_copies
    if n_copies:
        dataset.prepare(run.material.noises, run.cache)
        prepare(chosen + validation, run.material.noises, run.cache, n_copies, recipe.sound)
    targets = label_targets(chosen, labels, recipe.intended_share, recipe.smoothing)
    models = [trained(teacher, FIRST) for teacher in teachers(run)]
    Training(
        file=weights_file(run, task),
        labels=labels,
        recipe=recipe,
        batches=Batches(
            dataset.load(chosen, run.cache, versions(chosen, run.cache, n_copies, recipe.sound)),
            targets,
            head_targets(chosen),
            soft_targets(run, models, chosen, labels) if models else targets,
            recipe,
            run.seed * len(recipe.cascade.tasks) + recipe.cascade.number(task),
            _ON_GPU_THREADS if gpus else 1,
        ),
        validation=clip_scores.clip_windows(
            validation, run.cache, versions(validation, run.cache, n_copies, recipe.sound)
        ),
        schedule=schedule,
        start=start,
    ).finish()


def weights_file(run: Run, task: str) -> Path:
    """The file of a trained model's weights."""
    return run.path / f"{task}.npz"


def trained(run: Run, task: str, labels: Sequence[str] = ()) -> Any:  # noqa: ANN401 - keras has no types
    """The trained network of ``task``, from an image to scores of its labels, or of ``labels`` it was tuned to."""
    model = network(run.recipe.network, len(labels or run.recipe.cascade.tasks[task]), heads(run.recipe))
    put(model.weights, weights_file(run, task))
    return scoring(model)
