"""One network's epochs: batches to the weights with the lowest validation loss.

    starting weights, Batches ──AdamW──► weights ──exponential average──► averaged weights
    averaged weights ──NLL on validation speakers, each epoch──► the lowest of all epochs, in a file

Each epoch is represented by the exponentially averaged weights (Polyak, Juditsky 1992).  Epochs are compared by their
negative log-likelihood on validation clips, at the temperature that suits them best, as on the device: on so few
speakers UAR varies more between epochs than the epochs differ, and the tracker depends on scores.  Everything is
written down after every epoch: a training that was killed resumes with the next one.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from convert.augment.batches import Batches
from convert.data.atomic_file import atomic, write_json
from convert.recipes.spec import Recipe
from convert.score import clip_scores
from convert.score.calibration import temperature
from convert.score.clip_scores import ClipWindows
from convert.score.metrics import confusion, uar
from convert.train.losses import WEIGHTS, Objective
from convert.train.networks import HEAD, network, scoring
from edged.models.cascade import sharpened


@dataclass(frozen=True, slots=True)
class Schedule:
    """Epochs and learning rate."""

    epochs: int
    learning_rate: float
    warmup_epochs: int


class Training:
    """One model's epochs; ``file`` appears once they are done."""

    def __init__(  # noqa: PLR0913 - they are what a training is made of
        self,
        *,
        file: Path,
        labels: Sequence[str],
        recipe: Recipe,
        batches: Batches,
        validation: ClipWindows,
        schedule: Schedule,
        start: tuple[Path, list[int]] | None,
    ) -> None:
        """``start``: the weights of another model to start from, and the row of its label head for each label."""
        self._file, self._labels, self._batches, self._validation = file, labels, batches, validation
        self._epochs, self._averaging, self._starts = schedule.epochs, recipe.averaging, start is not None
        self._state = file.with_name(f"{file.stem}-epoch.npz")
        self._best = file.with_name(f"{file.stem}-best.npz")
        self._log = file.with_suffix(".json")
        self._history: list[dict[str, Any]] = []
        keras.utils.set_random_seed(batches.seed)
        self._objective = Objective(recipe)
        self._model = network(recipe.network, len(labels), self._objective.heads)
        self._averaged = network(recipe.network, len(labels), self._objective.heads)
        n_updates = len(batches) * schedule.epochs
        warmup = min(schedule.warmup_epochs * len(batches), n_updates // 2)
        self._optimizer = _optimizer(recipe, n_updates, warmup, schedule.learning_rate)
        self._optimizer.build([*self._model.trainable_variables, *self._objective.variables])
        if start:
            put(self._model.weights, *start)
        self._averaged.set_weights(self._model.get_weights())

    def finish(self) -> None:
        """Trains the remaining epochs, then moves the best one to its file."""
        done = self._resumed()
        if not self._history and self._starts:
            # The validation loss of the starting weights, which training has to beat.
            self._note(0, None)
        update = _update(self._model, self._averaged, self._optimizer, self._objective, self._averaging)
        total = self._epochs * len(self._batches)
        with tqdm(
            total=total, initial=done * len(self._batches), desc=self._file.stem, unit="batch", mininterval=1
        ) as bar:
            for epoch in range(done + 1, self._epochs + 1):
                losses = []
                for batch in self._batches.epoch(epoch):
                    losses.append(update(*map(tf.constant, batch)))
                    bar.update()
                entry = self._note(epoch, float(np.mean(losses)))
                bar.set_postfix(epoch=epoch, **{name: f"{entry[name]:.3f}" for name in ("loss", "uar", "nll")})
                self._save_epoch(epoch)
        self._best.replace(self._file)
        self._state.unlink()

    def _note(self, epoch: int, loss: float | None) -> dict[str, Any]:
        """Validates the averaged weights and saves them if they are the best so far; returns the history's entry."""
        lowest = min((entry["nll"] for entry in self._history), default=float("inf"))
        self._history.append({"epoch": epoch, "loss": loss, **self._validated()})
        if self._history[-1]["nll"] < lowest:
            save(self._best, self._averaged.weights)
        return self._history[-1]

    def _validated(self) -> dict[str, float]:
        windows = self._validation
        scores = clip_scores.float_scores(scoring(self._averaged), windows.images)
        tempered = windows.by_clip(sharpened(scores, temperature(scores, windows, self._labels)))
        truth = windows.label_indices(self._labels)
        losses = -np.log(tempered[np.arange(len(truth)), truth])
        matrix = confusion(truth, tempered.argmax(axis=1), len(self._labels))
        return {"uar": uar(matrix), "nll": float(losses.mean())}

    def _save_epoch(self, epoch: int) -> None:
        """Writes the history first: a training killed before the state is written repeats this epoch."""
        write_json(self._log, {"epochs": self._epochs, "history": self._history})
        save(self._state, self._all(), epoch)

    def _resumed(self) -> int:
        """Restores the state after the last whole epoch; returns its number.

        Entries of later epochs, of which only the history was written, are dropped: those epochs run again.
        """
        if not self._state.is_file():
            return 0
        put(self._all(), self._state)
        with np.load(self._state) as state:
            done = int(state["epoch"])
        history = json.loads(self._log.read_text(encoding="utf-8"))["history"]
        self._history = [entry for entry in history if entry["epoch"] <= done]
        return done

    def _all(self) -> list[Any]:
        # Not the weights alone: a resumed training must draw the dropout of an undisturbed one.
        models = [*self._model.variables, *self._averaged.weights]
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
    averaged: Any,  # noqa: ANN401 - keras has no types
    optimizer: Any,  # noqa: ANN401 - keras has no types
    objective: Objective,
    averaging: float,
) -> Callable[..., Any]:
    """The compiled update of the weights by one batch."""
    pairs = [(mean, last) for mean, last in zip(averaged.weights, model.weights, strict=True) if "float" in last.dtype]
    variables = [*model.trainable_variables, *objective.variables]

    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def update(images: Any, labels: Any, targets: Any, soft: Any) -> Any:  # noqa: ANN401 - tensors
        with tf.GradientTape() as tape:
            loss, total = objective(model(images, training=True), labels, targets, soft)
        optimizer.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))
        # The average follows the first updates closely and later ones slowly.
        count = tf.cast(optimizer.iterations, tf.float32)
        keep = tf.minimum(averaging, (1 + count) / (10 + count))
        for mean, last in pairs:
            mean.assign(keep * mean + (1 - keep) * last)
        return loss

    return update  # type: ignore[no-any-return]  # as above


def save(path: Path, variables: list[Any], epoch: int = 0) -> None:
    """Writes ``variables`` whole or not at all."""
    arrays = {f"{index:04d}": np.asarray(variable) for index, variable in enumerate(variables)}
    with atomic(path) as file:
        np.savez(file, epoch=np.array(epoch), **arrays)


def put(variables: list[Any], path: Path, columns: list[int] | None = None) -> None:
    """Assigns what ``save`` wrote; of the label head only ``columns`` where given."""
    with np.load(path) as saved:
        for index, variable in enumerate(variables):
            value = saved[f"{index:04d}"]
            of_head = columns is not None and variable.path.split("/")[-2] == HEAD
            variable.assign(value[..., columns] if of_head else value)
