"""Clips to trained networks: the first over all labels, the others from its weights.

    the same recipe's first models of other seeds, where the recipe has a teacher ──► shares of each clip
    Dataset, Batches ──AdamW, averaged weights──► epochs ──best UAR on validation speakers──► m1.npz
    m1.npz ──the same for each of m2 … m5──► m2.npz … m5.npz

What is kept of an epoch are the exponentially averaged weights (Polyak, Juditsky 1992), and which epoch is kept is
decided on the validation speakers alone.  After every epoch everything is written down: a training that was killed
goes on with the next one, a model that is done is not trained again.  TensorFlow takes a GPU where it sees one.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from convert import dataset, scores
from convert.batches import Batches
from convert.corpora.clip import Clip
from convert.design import FIRST, LABELS, TASKS
from convert.figures import confusion, uar
from convert.losses import WEIGHTS, Objective, heads
from convert.networks import HEAD, network, scoring
from convert.recipes import Recipe
from convert.runs import Run, write_json
from convert.scores import Heard
from convert.targets import head_targets, label_targets
from convert.teacher import soft_targets, teachers
from edged.errors import UsageError

_ON_GPU_THREADS = 8


def train(run: Run, tasks: Iterable[str] = TASKS) -> None:
    """Trains what is not trained yet of ``tasks``, the first model before others, its teachers before all."""
    gpus = tf.config.list_physical_devices("GPU")
    absent = [task for task in tasks if not weights_file(run, task).is_file()]
    if not absent:
        return
    for teacher in teachers(run):
        train(teacher, (FIRST,))
    taught = [trained(teacher, FIRST) for teacher in teachers(run)]
    print(f"train: {run.path}, on {f'{len(gpus)} GPU' if gpus else 'CPU'}", file=sys.stderr)
    for task in absent:
        labels, first = TASKS[task], task == FIRST
        chosen = [clip for clip in run.material.train if clip.label in labels]
        held = [clip for clip in run.material.validation if clip.label in labels]
        targets = label_targets(chosen, labels, run.recipe.intended_share, run.recipe.smoothing)
        _Training(
            run=run,
            task=task,
            batches=Batches(
                dataset.load(chosen, run.cache),
                targets,
                head_targets(chosen),
                soft_targets(run, taught, chosen, labels) if taught else targets,
                run.recipe,
                run.seed * len(TASKS) + list(TASKS).index(task),
                _ON_GPU_THREADS if gpus else 1,
            ),
            validation=_held(run, task, held),
            epochs=run.recipe.epochs if first else run.recipe.epochs_after,
            learning_rate=run.recipe.learning_rate if first else run.recipe.learning_rate_after,
            warmup_epochs=run.recipe.warmup_epochs if first else run.recipe.warmup_epochs_after,
        ).finish()


def _held(run: Run, task: str, clips: list[Clip]) -> Heard:
    if not clips:
        raise UsageError(f"{task}: no clips of validation speakers with one of {', '.join(TASKS[task])}")
    return scores.heard(clips, run.cache)


def weights_file(run: Run, task: str) -> Path:
    """Where the weights of a model that is done lie."""
    return run.path / f"{task}.npz"


def trained(run: Run, task: str) -> Any:  # noqa: ANN401 - keras has no types
    """The network of ``task``, done, from an image in dB to scores."""
    model = network(run.recipe.network, len(TASKS[task]), heads(run.recipe))
    _put(model.weights, weights_file(run, task))
    return scoring(model)


class _Training:
    """One model's epochs."""

    def __init__(  # noqa: PLR0913 - they are what a training is made of
        self,
        *,
        run: Run,
        task: str,
        batches: Batches,
        validation: Heard,
        epochs: int,
        learning_rate: float,
        warmup_epochs: int,
    ) -> None:
        self._run, self._task, self._batches, self._validation = run, task, batches, validation
        self._epochs = epochs
        self._state = run.path / f"{task}-epoch.npz"
        self._best = run.path / f"{task}-best.npz"
        self._log = run.path / f"{task}.json"
        self._history: list[dict[str, Any]] = []
        keras.utils.set_random_seed(batches.seed)
        self._objective = Objective(run.recipe)
        self._model = network(run.recipe.network, len(TASKS[task]), self._objective.heads)
        self._averaged = network(run.recipe.network, len(TASKS[task]), self._objective.heads)
        warmup = min(warmup_epochs * len(batches), len(batches) * epochs // 2)
        self._optimizer = _optimizer(run.recipe, len(batches) * epochs, warmup, learning_rate)
        self._optimizer.build([*self._model.trainable_variables, *self._objective.variables])
        if task != FIRST:
            _put(self._model.weights, weights_file(run, FIRST), [LABELS.index(label) for label in TASKS[task]])
        self._averaged.set_weights(self._model.get_weights())

    def finish(self) -> None:
        """Trains the epochs that are left, then puts the best one where it belongs."""
        self._run.path.mkdir(parents=True, exist_ok=True)
        done = self._resumed()
        if not self._history and self._task != FIRST:
            # The first model's own scores of these labels: what training them apart has to beat.
            self._note(0, None)
        update = _update(self._model, self._averaged, self._optimizer, self._objective, self._run.recipe.averaging)
        total = self._epochs * len(self._batches)
        with tqdm(total=total, initial=done * len(self._batches), desc=self._task, unit="batch", mininterval=1) as bar:
            for epoch in range(done + 1, self._epochs + 1):
                losses = []
                for batch in self._batches.epoch(epoch):
                    losses.append(update(*map(tf.constant, batch)))
                    bar.update()
                figure = self._note(epoch, float(np.mean(losses)))
                bar.set_postfix(epoch=epoch, loss=f"{np.mean(losses):.3f}", uar=f"{figure:.3f}")
                self._keep(epoch)
        os.replace(self._best, weights_file(self._run, self._task))  # noqa: PTH105 - atomic
        self._state.unlink()

    def _note(self, epoch: int, loss: float | None) -> float:
        """Measures the averaged weights, keeps them where they are the best so far; their UAR."""
        figure = self._validation_uar()
        best = max((entry["uar"] for entry in self._history), default=-1.0)
        self._history.append({"epoch": epoch, "loss": loss, "uar": figure})
        if figure > best:
            _save(self._best, self._averaged.weights)
        return figure

    def _validation_uar(self) -> float:
        found = scores.float_scores(scoring(self._averaged), self._validation.images)
        labels = TASKS[self._task]
        answers = self._validation.by_clip(found).argmax(axis=1)
        return uar(confusion(self._validation.place_of(labels), answers, len(labels)))

    def _keep(self, epoch: int) -> None:
        write_json(self._log, {"epochs": self._epochs, "history": self._history})
        _save(self._state, self._all(), epoch)

    def _resumed(self) -> int:
        """Puts back what the last whole epoch left, and says its number."""
        if not self._state.is_file():
            return 0
        _put(self._all(), self._state)
        with np.load(self._state) as kept:
            done = int(kept["epoch"])
        self._history = json.loads(self._log.read_text(encoding="utf-8"))["history"]
        return done

    def _all(self) -> list[Any]:
        models = [*self._model.weights, *self._averaged.weights]
        return [*models, *self._optimizer.variables, *self._objective.variables]


def _optimizer(recipe: Recipe, n_updates: int, warmup: int, learning_rate: float) -> Any:  # noqa: ANN401 - keras
    schedule = keras.optimizers.schedules.CosineDecay(
        learning_rate / 500, max(1, n_updates - warmup), alpha=0.01, warmup_target=learning_rate, warmup_steps=warmup
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias", WEIGHTS])
    return optimizer


def _update(
    model: Any,  # noqa: ANN401 - keras has no types
    averaged: Any,  # noqa: ANN401 - as above
    optimizer: Any,  # noqa: ANN401 - as above
    objective: Objective,
    averaging: float,
) -> Callable[..., Any]:
    """One batch's change of the weights, compiled."""
    pairs = [(mean, now) for mean, now in zip(averaged.weights, model.weights, strict=True) if "float" in now.dtype]
    variables = [*model.trainable_variables, *objective.variables]

    @tf.function  # type: ignore[untyped-decorator]
    def update(images: Any, labels: Any, targets: Any, soft: Any) -> Any:  # noqa: ANN401 - tensors
        with tf.GradientTape() as tape:
            loss, total = objective(model(images, training=True), labels, targets, soft)
        optimizer.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))
        # The mean of few updates follows them closely, that of many slowly.
        count = tf.cast(optimizer.iterations, tf.float32)
        keep = tf.minimum(averaging, (1 + count) / (10 + count))
        for mean, now in pairs:
            mean.assign(keep * mean + (1 - keep) * now)
        return loss

    return update  # type: ignore[no-any-return]


def _save(path: Path, variables: list[Any], epoch: int = 0) -> None:
    part = path.with_suffix(".part")
    arrays = {f"{place:04d}": np.asarray(variable) for place, variable in enumerate(variables)}
    with part.open("wb") as file:
        np.savez(file, epoch=np.array(epoch), **arrays)
    os.replace(part, path)  # noqa: PTH105 - Path.replace is the same call; this one says that it is atomic


def _put(variables: list[Any], path: Path, columns: list[int] | None = None) -> None:
    """Assigns what ``_save`` wrote; of the label head only ``columns`` where given."""
    with np.load(path) as kept:
        for place, variable in enumerate(variables):
            value = kept[f"{place:04d}"]
            of_head = columns is not None and variable.path.split("/")[-2] == HEAD
            variable.assign(value[..., columns] if of_head else value)
