"""Training windows to the gate's network, and that to an int8 file.

    Pieces ──batches, AdamW──► epochs ──least equal error on validation windows──► gate.npz ──quantize──► gate.tflite

After every epoch weights and optimizer are written down: a training that was killed goes on with the next one.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from convert.data.atomic_file import atomic, write_json
from convert.gate.metrics import equal_error
from convert.gate.recipe import LABELS, SPEECH, GateRecipe, GateRun
from convert.gate.trials import Trials
from convert.gate.windows import Pieces, batch
from convert.score import clip_scores
from convert.train.networks import HEAD, network, scoring
from convert.train.quantize import Size, checked_size, full_integer
from edged.errors import ModelError
from edged.features.logmel import Floats

MOST_PARAMETERS = 20_000
_N_REPRESENTATIVE = 500


def train(speech: Pieces, other: Pieces, held: Trials, run: GateRun) -> None:
    """Writes ``gate.npz``, the weights of the best epoch, and ``epochs.json`` into the run's folder."""
    recipe = run.recipe
    best, state, log = run.path / "gate.npz", run.path / "gate-epoch.npz", run.path / "epochs.json"
    keras.utils.set_random_seed(run.seed)
    model = network(recipe.network, len(LABELS))
    schedule = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, recipe.epochs * recipe.batches, alpha=0.01)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay)
    optimizer.build(model.trainable_variables)
    history: list[dict[str, float]] = []
    if state.is_file() and log.is_file():
        _put([*model.weights, *optimizer.variables], state)
        history = json.loads(log.read_text(encoding="utf-8"))
    update = _update(model, optimizer)
    with tqdm(total=recipe.epochs * recipe.batches, initial=len(history) * recipe.batches, desc="gate") as bar:
        for epoch in range(len(history), recipe.epochs):
            losses = []
            for inputs, targets in _epoch(speech, other, recipe, (run.seed, epoch)):
                losses.append(float(update(tf.constant(inputs), tf.constant(targets))))
                bar.update()
            error = _error(model, held)
            bar.set_postfix(loss=f"{np.mean(losses):.3f}", eer=f"{error:.4f}")
            # Of equals the later one: its rate of learning was lower.
            if error <= min((entry["eer"] for entry in history), default=1.0):
                _save(model.weights, best)
            history.append({"loss": round(float(np.mean(losses)), 4), "eer": round(error, 4)})
            _save([*model.weights, *optimizer.variables], state)
            write_json(log, history)


def _error(model: Any, held: Trials) -> float:  # noqa: ANN401 - keras has no types
    images = held.images.view(np.uint8) ^ np.uint8(0x80)  # 0..255 again
    found = clip_scores.float_scores(scoring(model), images)[:, SPEECH]
    return equal_error(found[held.speech], found[~held.speech])


def _update(model: Any, optimizer: Any) -> Callable[..., Any]:  # noqa: ANN401 - keras has no types
    """One batch's change of the weights, compiled."""

    @tf.function  # type: ignore[untyped-decorator]
    def update(inputs: Any, targets: Any) -> Any:  # noqa: ANN401 - tensors
        with tf.GradientTape() as tape:
            logits = model(inputs, training=True)[HEAD]
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return update  # type: ignore[no-any-return]


def quantized(speech: Pieces, other: Pieces, run: GateRun) -> tuple[bytes, Size]:
    """The ``.tflite`` file of what ``train`` kept, and what it costs.

    Raises:
        ModelError: the network is above the gate's budget.
    """
    recipe = run.recipe
    model = network(recipe.network, len(LABELS))
    _put(model.weights, run.path / "gate.npz")
    scored = scoring(model)
    size = checked_size("gate", scored)
    if size.parameters > MOST_PARAMETERS:
        raise ModelError(f"network gate: {size.parameters} parameters, expected at most {MOST_PARAMETERS}")
    windows: list[Floats] = []
    while sum(map(len, windows)) < _N_REPRESENTATIVE:
        windows.append(batch(speech, other, recipe, (run.seed, recipe.epochs, len(windows)))[0])
    representative = np.concatenate(windows)[:_N_REPRESENTATIVE]
    representative[0, 0, :2, 0] = 0, 1  # the input's scale must not depend on what was drawn
    return full_integer(scored, representative), size


def _epoch(speech: Pieces, other: Pieces, recipe: GateRecipe, seed: tuple[int, int]) -> Iterator[tuple[Floats, Floats]]:
    """Batches, the next one made while one is used; the same ones for the same ``seed``."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(batch, speech, other, recipe, (*seed, 0))
        for number in range(1, recipe.batches + 1):
            ready = waiting.result()
            if number < recipe.batches:
                waiting = pool.submit(batch, speech, other, recipe, (*seed, number))
            yield ready


def _save(variables: list[Any], path: Path) -> None:
    with atomic(path) as file:
        np.savez(file, **{f"{place:04d}": np.asarray(variable) for place, variable in enumerate(variables)})


def _put(variables: list[Any], path: Path) -> None:
    with np.load(path) as kept:
        for place, variable in enumerate(variables):
            variable.assign(kept[f"{place:04d}"])
