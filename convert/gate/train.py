"""Training windows to the gate's network, and that to an int8 file.

    Pieces ──batches, AdamW──► epochs ──fewest misses on validation's cells──► gate.npz ──quantize──► gate.tflite

The best epoch is the one that misses the least share of a cell (corpus, emotion, condition) on average, where it
accepts as many of the recorded sounds without speech as the recipe allows.

Weights and optimizer are saved after every epoch: a killed training resumes at the next one.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from convert.data.atomic_file import atomic, write_json
from convert.gate.cells import CellWindows
from convert.gate.metrics import most_sensitive
from convert.gate.pieces import Pieces
from convert.gate.recipe import LABELS, SPEECH, GateRecipe, GateRun
from convert.gate.trials import MADE, Trials, loud
from convert.gate.windows import batch
from convert.score import clip_scores
from convert.train.networks import HEAD, network, scoring
from convert.train.quantize import Size, checked_size, full_integer
from edged.errors import ModelError, UsageError
from edged.features.logmel import Floats

MAX_PARAMETERS, MAX_MULTIPLY_ADDS = 20_000, 5_000_000
_N_REPRESENTATIVE = 500


@dataclass(frozen=True, slots=True)
class Held:
    """The windows of validation: of speech, with the number of their cell, and of sounds without speech."""

    images: NDArray[np.uint8]
    cell: NDArray[np.int64]
    other: NDArray[np.uint8]
    other_loud: NDArray[np.bool_]  # whether the model is asked about it


def held(cells: Sequence[CellWindows], trials: Trials) -> Held:
    """The windows that epochs are chosen by, from the cells and the trials of validation.

    Raises:
        UsageError: no clip has a second of speech.
    """
    if not cells:
        raise UsageError("gate: no clip of validation has a second of speech, expected some to choose the epoch by")
    numbers: dict[tuple[str, str, str], int] = {}
    cell = [numbers.setdefault((found.kind[0], found.kind[1], found.kind[3]), len(numbers)) for found in cells]
    other = ~trials.speech & ~np.char.startswith(trials.group, MADE)
    return Held(
        np.concatenate([_unsigned(found.images) for found in cells]),
        np.repeat(cell, [len(found.images) for found in cells]),
        _unsigned(trials.images[other]),
        loud(trials)[other],
    )


def train(speech: Pieces, other: Pieces, held: Held, run: GateRun) -> None:
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
    with tqdm(
        total=recipe.epochs * recipe.batches, initial=len(history) * recipe.batches, desc="gate", disable=None
    ) as bar:
        for epoch in range(len(history), recipe.epochs):
            losses = []
            for inputs, targets in _epoch(speech, other, recipe, (run.seed, epoch)):
                losses.append(float(update(tf.constant(inputs), tf.constant(targets))))
                bar.update()
            missed = _missed(model, held, recipe.most_accepted)
            bar.set_postfix(loss=f"{np.mean(losses):.3f}", missed=f"{missed:.4f}")
            # Of equal epochs the later one is taken: its learning rate was lower.
            if missed <= min((entry["missed"] for entry in history), default=1.0):
                _save(model.weights, best)
            history.append({"loss": round(float(np.mean(losses)), 4), "missed": round(missed, 4)})
            _save([*model.weights, *optimizer.variables], state)
            write_json(log, history)


def _missed(model: Any, held: Held, most_accepted: float) -> float:  # noqa: ANN401 - keras has no types
    """The mean of the cells' shares of missed windows."""
    scored = scoring(model)
    other = np.where(held.other_loud, clip_scores.float_scores(scored, held.other)[:, SPEECH], np.float32(0))
    at = most_sensitive(other, most_accepted)
    below = clip_scores.float_scores(scored, held.images)[:, SPEECH] < at
    return float((np.bincount(held.cell, weights=below) / np.bincount(held.cell)).mean())


def _unsigned(images: NDArray[np.int8]) -> NDArray[np.uint8]:
    """0..255 again."""
    return images.view(np.uint8) ^ np.uint8(0x80)


def _update(model: Any, optimizer: Any) -> Callable[..., Any]:  # noqa: ANN401 - keras has no types
    """One batch's change of the weights, compiled."""

    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def update(inputs: Any, targets: Any) -> Any:  # noqa: ANN401 - tensors
        with tf.GradientTape() as tape:
            logits = model(inputs, training=True)[HEAD]
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return update  # type: ignore[no-any-return]  # as above


def quantized(speech: Pieces, other: Pieces, run: GateRun) -> tuple[bytes, Size]:
    """The ``.tflite`` file of the weights that ``train`` kept, and its size.

    Raises:
        ModelError: the network is above the gate's budget.
    """
    recipe = run.recipe
    model = network(recipe.network, len(LABELS))
    _put(model.weights, run.path / "gate.npz")
    scored = scoring(model)
    size = checked_size("gate", scored)
    if size.parameters > MAX_PARAMETERS or size.multiply_adds > MAX_MULTIPLY_ADDS:
        raise ModelError(
            f"network gate: {size.parameters} parameters and {size.multiply_adds} multiply-adds, expected at most"
            f" {MAX_PARAMETERS} and {MAX_MULTIPLY_ADDS}"
        )
    windows: list[Floats] = []
    while sum(map(len, windows)) < _N_REPRESENTATIVE:
        windows.append(batch(speech, other, recipe, (run.seed, recipe.epochs, len(windows)))[0])
    representative = np.concatenate(windows)[:_N_REPRESENTATIVE]
    representative[0, 0, :2, 0] = 0, 1  # the input's scale must not depend on the windows that were drawn
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
