"""Clips to trained networks: the first over all labels, the others from its weights.

    Dataset, Batches ──epochs──► m1.npz; where the recipe has a teacher
    the same of several seeds ──► shares of each clip ──from m1.npz, more epochs──► m1.npz of the pupil
    m1.npz ──the same for each of m2 … m5──► m2.npz … m5.npz

Which epoch is kept is decided on the validation speakers alone, in as many rooms as training has them: an epoch that is
best where it is known may be the worst elsewhere.  A model that is done is not trained again.  TensorFlow takes a GPU
where it sees one (the extra convert-gpu): nothing here or in the commands names a device.
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
from convert.recipes.cascade import FIRST, LABELS, TASKS
from convert.recipes.spec import Recipe
from convert.score import clip_scores
from convert.train.epochs import Schedule, Training, put
from convert.train.losses import heads
from convert.train.networks import network, scoring
from convert.train.runs import Run
from convert.train.teacher import soft_targets, teachers, untaught
from edged.errors import UsageError

_ON_GPU_THREADS = 8


def train(run: Run, tasks: Iterable[str] = TASKS) -> None:
    """Trains what is not trained yet of ``tasks``, the first model before others, its teachers before all."""
    for task in tasks:
        if weights_file(run, task).is_file():
            continue
        recipe, labels = run.recipe, TASKS[task]
        if task != FIRST:
            _fit(run, task, labels, _after(recipe), (weights_file(run, FIRST), _rows(labels)))
        elif recipe.teacher.seeds:
            for other in (*teachers(run), untaught(run)):
                train(other, (FIRST,))
            schedule = Schedule(recipe.teacher.epochs, recipe.teacher.learning_rate, recipe.warmup_epochs_after)
            _fit(run, FIRST, labels, schedule, (weights_file(untaught(run), FIRST), _rows(labels)))
        else:
            _fit(run, FIRST, labels, Schedule(recipe.epochs, recipe.learning_rate, recipe.warmup_epochs))


def tune(run: Run, labels: Sequence[str], start: Run, rows: Mapping[str, str]) -> None:
    """Trains the first model of ``run`` over ``labels`` from that of ``start``.

    ``rows`` says which of the six labels each of ``labels`` begins as.
    """
    if not weights_file(run, FIRST).is_file():
        begins = _rows([rows[label] for label in labels])
        _fit(run, FIRST, labels, _after(run.recipe), (weights_file(start, FIRST), begins))


def _after(recipe: Recipe) -> Schedule:
    return Schedule(recipe.epochs_after, recipe.learning_rate_after, recipe.warmup_epochs_after)


def _rows(labels: Sequence[str]) -> list[int]:
    return [LABELS.index(label) for label in labels]


def _fit(
    run: Run, task: str, labels: Sequence[str], schedule: Schedule, start: tuple[Path, list[int]] | None = None
) -> None:
    """Trains one model; from the weights of ``start``, where it says of which row of their head each label begins."""
    gpus = tf.config.list_physical_devices("GPU")
    print(f"train: {run.path}, on {f'{len(gpus)} GPU' if gpus else 'CPU'}", file=sys.stderr)
    recipe = run.recipe
    chosen = [clip for clip in run.material.train if clip.label in labels]
    held = [clip for clip in run.material.validation if clip.label in labels]
    if not held:
        raise UsageError(f"{task}: no clips of validation speakers with one of {', '.join(labels)}")
    if recipe.copies:
        dataset.prepare(run.material.noises, run.cache)
        prepare(chosen + held, run.material.noises, run.cache, recipe.copies, recipe.sound)
    targets = label_targets(chosen, labels, recipe.intended_share, recipe.smoothing)
    taught = [trained(teacher, FIRST) for teacher in teachers(run)]
    Training(
        file=weights_file(run, task),
        labels=labels,
        recipe=recipe,
        batches=Batches(
            dataset.load(chosen, run.cache, versions(chosen, run.cache, recipe.copies, recipe.sound)),
            targets,
            head_targets(chosen),
            soft_targets(run, taught, chosen, labels) if taught else targets,
            recipe,
            run.seed * len(TASKS) + list(TASKS).index(task),
            _ON_GPU_THREADS if gpus else 1,
        ),
        validation=clip_scores.heard(held, run.cache, versions(held, run.cache, recipe.copies, recipe.sound)),
        schedule=schedule,
        start=start,
    ).finish()


def weights_file(run: Run, task: str) -> Path:
    """Where the weights of a model that is done lie."""
    return run.path / f"{task}.npz"


def trained(run: Run, task: str, labels: Sequence[str] = ()) -> Any:  # noqa: ANN401 - keras has no types
    """The network of ``task``, done, from an image in dB to scores of its labels, or of ``labels`` it was tuned to."""
    model = network(run.recipe.network, len(labels or TASKS[task]), heads(run.recipe))
    put(model.weights, weights_file(run, task))
    return scoring(model)
