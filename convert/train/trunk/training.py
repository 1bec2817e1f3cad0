"""A tower's epochs: batches of places to the averaged weights of one network of the trunk.

    starting weights, Places ──AdamW──► weights ──exponential average──► averaged weights, in a file
    features - weight * (mean of others of the place, less their emotions' offsets, - mean of the batch)
        ──► logits of all models, and the encoder's components: the heads of both are thrown away

The offsets of the emotions are learned with the trunk.  Nothing is chosen by epoch: the average after the last one, at
the lowest learning rate, is taken.  Everything is written down after every epoch, so that a training that was killed
resumes with the next one.
"""

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from convert.data.atomic_file import write_json
from convert.recipes.cascade import LABELS, TASKS
from convert.recipes.spec import Recipe, TowerSpec
from convert.train.epochs import put, save
from convert.train.trunk.network import activity, pooled, trunk
from convert.train.trunk.places import Places
from edged.features.logmel import Floats

_OFFSETS_WEIGHT = 0.01  # of the offsets' distance from the means of their labels, which they follow slowly
_MIN_KNOWN = 1e-6  # share of the labels that a model knows: none of a clip with another one
_N_LOGITS = sum(map(len, TASKS.values()))


class Heads:
    """What training needs beside the trunk; ``n`` features."""

    def __init__(self, n: int, n_components: int, seed: int) -> None:
        zeros = np.zeros
        self.kernel = keras.Variable(zeros((n, _N_LOGITS), np.float32), name="kernel")
        self.bias = keras.Variable(zeros(_N_LOGITS, np.float32), name="bias")
        self.offsets = keras.Variable(zeros((len(LABELS), n), np.float32), name="bias_of_labels")
        self.projection = keras.Variable(zeros((n, n_components), np.float32), name="projection")
        self.components = keras.Variable(zeros(n_components, np.float32), name="bias_of_components")
        self.seed = keras.random.SeedGenerator(seed)  # of the dropout; its state is saved with the weights
        self.variables = [self.kernel, self.bias, self.offsets, self.projection, self.components]


class TrunkTraining:
    """The epochs of one tower; ``file`` appears once they are done."""

    def __init__(  # noqa: PLR0913 - they are what a training is made of
        self,
        *,
        file: Path,
        recipe: Recipe,
        spec: TowerSpec,
        active_db: float,
        places: Places,
        weights: list[Floats] | None,
    ) -> None:
        """``weights`` are the first ones, or None."""
        self._file, self._recipe, self._places = file, recipe, places
        self._state, self._log = file.with_name(f"{file.stem}-epoch.npz"), file.with_suffix(".json")
        keras.utils.set_random_seed(places.seed)
        self._trunk, self._averaged = trunk(recipe.network), trunk(recipe.network)
        if weights is not None:
            self._trunk.set_weights(weights)
        self._averaged.set_weights(self._trunk.get_weights())
        self._heads = Heads(2 * self._trunk.output_shape[-1], spec.components, places.seed)
        variables = [*self._trunk.trainable_variables, *self._heads.variables]
        self._optimizer = _optimizer(recipe, len(places), recipe.learning_rate)
        self._optimizer.build(variables)
        self._update = _update(self._trunk, self._averaged, self._heads, self._optimizer, recipe, spec, active_db)

    def finish(self) -> None:
        """Trains the remaining epochs, then moves the averaged weights to their file."""
        first, losses = self._resumed()
        for epoch in range(first, self._recipe.epochs + 1):
            of_batches = [
                [float(part) for part in self._update(*map(tf.constant, dataclasses.astuple(made)))]
                for made in self._places.epoch(epoch)
            ]
            labels, match = np.mean(of_batches, axis=0)
            losses.append({"epoch": epoch, "labels": round(float(labels), 4), "match": round(float(match), 4)})
            print(f"trunk: epoch {epoch} of {self._recipe.epochs}: {losses[-1]}", file=sys.stderr)
            write_json(self._log, losses)
            save(self._state, self._all(), epoch)
        save(self._file, self._averaged.weights)
        self._state.unlink(missing_ok=True)

    def _resumed(self) -> tuple[int, list[dict[str, Any]]]:
        """The next epoch, and the losses of those before."""
        if not self._state.is_file():
            return 1, []
        put(self._all(), self._state)
        with np.load(self._state) as state:
            done = int(state["epoch"])
        return done + 1, json.loads(self._log.read_text(encoding="utf-8"))[:done]

    def _all(self) -> list[Any]:
        models = [*self._trunk.variables, *self._averaged.weights]
        return [*models, *self._heads.variables, self._heads.seed.state, *self._optimizer.variables]


def _optimizer(recipe: Recipe, n_batches: int, learning_rate: float) -> Any:  # noqa: ANN401 - keras
    total, warmup = n_batches * recipe.epochs, recipe.warmup_epochs_after * n_batches
    warmup = min(warmup, total // 2)
    schedule = keras.optimizers.schedules.CosineDecay(
        learning_rate / 500, max(1, total - warmup), alpha=0.01, warmup_target=learning_rate, warmup_steps=warmup
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


def _update(  # noqa: PLR0913, PLR0917 - they are what an update is made of
    network: Any,  # noqa: ANN401 - keras has no types
    averaged: Any,  # noqa: ANN401 - keras has no types
    heads: Heads,
    optimizer: Any,  # noqa: ANN401 - keras has no types
    recipe: Recipe,
    spec: TowerSpec,
    active_db: float,
) -> Callable[..., Any]:
    """The compiled update of the weights by one batch."""
    pairs = [
        (mean, last) for mean, last in zip(averaged.weights, network.weights, strict=True) if "float" in last.dtype
    ]
    variables = [*network.trainable_variables, *heads.variables]
    n_positions = network.output_shape[1]

    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def update(*batch: Any) -> Any:  # noqa: ANN401 - tensors, in the order of ``Made``
        images, labels, truth, components, adapted_to, weight = batch
        active = activity(images, n_positions, active_db)
        with tf.GradientTape() as tape:
            x = pooled(network(images, training=True), active)
            centre = tf.reduce_mean(x, axis=0)
            offsets = tf.gather(tf.convert_to_tensor(heads.offsets), truth)
            adapted = x - weight * (tf.matmul(adapted_to, x - offsets) - centre)
            logits = tf.matmul(keras.random.dropout(adapted, spec.dropout, seed=heads.seed), heads.kernel) + heads.bias
            first, others = _label_losses(labels, logits)
            missed = tf.matmul(adapted, heads.projection) + heads.components - components
            match = tf.reduce_mean(tf.reduce_sum(tf.square(missed), axis=1))
            away = tf.reduce_mean(tf.reduce_sum(tf.square(tf.stop_gradient(x - centre) - offsets), axis=1))
            total = first + spec.others * others + spec.match * match + _OFFSETS_WEIGHT * away
        optimizer.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))
        count = tf.cast(optimizer.iterations, tf.float32)
        keep = tf.minimum(recipe.averaging, (1 + count) / (10 + count))
        for mean, last in pairs:
            mean.assign(keep * mean + (1 - keep) * last)
        return first, match

    return update  # type: ignore[no-any-return]  # as above


def _label_losses(labels: Any, logits: Any) -> tuple[Any, Any]:  # noqa: ANN401 - tensors
    """The mean cross-entropy of the first model, and the sum of the others', each on the labels that it knows."""
    losses, column = [], 0
    for of_task in TASKS.values():
        shares = tf.gather(labels, [LABELS.index(label) for label in of_task], axis=1)
        known = tf.reduce_sum(shares, axis=1)
        missed = tf.nn.softmax_cross_entropy_with_logits(
            shares / tf.maximum(known, _MIN_KNOWN)[:, None], logits[:, column : column + len(of_task)]
        )
        losses.append(tf.reduce_mean(known * missed))
        column += len(of_task)
    return losses[0], tf.add_n(losses[1:])
