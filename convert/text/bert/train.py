"""Sentences to a fine-tuned BERT: one pass or several, with a checkpoint from which an interrupted run continues.

    Sentences ──batches of similar length, AdamW, weighted cross entropy──► network ──► logits (n, 7)

A label's weight is its share of the sentences to the power of -1/2, as in the linear model: rare emotions count more.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from convert.data.atomic_file import write_json
from convert.text.bert import tokens
from convert.text.bert.network import network
from convert.text.bert.tuning import Tuning
from convert.text.sentences import TEXT_LABELS, Sentences
from convert.text.weights import label_weights
from edged.features.logmel import Floats

FINISHED = "finished.weights.h5"


def fine_tuned(folder: Path, train: Sentences, run: Path, tuning: Tuning) -> Any:  # noqa: ANN401 - keras has no types
    """The network of ``folder``'s BERT after training on ``train``; ``run`` keeps checkpoints and the result."""
    ids = tokens.token_ids(folder, train.texts)
    model = network(folder, len(TEXT_LABELS), tuning.seed, tuning.frozen_layers)
    batches = training_batches(ids, tuning)
    run.mkdir(parents=True, exist_ok=True)
    finished = run / FINISHED
    if finished.is_file():
        model.load_weights(finished)
        return model
    compile_for_training(model, len(batches), tuning)
    first = _resumed(model, run)
    weights = label_weights(train.labels)[train.labels]
    losses = []
    bar = tqdm(range(first, len(batches)), desc="BERT", unit="step", mininterval=30, disable=None)
    for step in bar:
        rows = batches[step]
        inputs = tokens.padded([ids[row] for row in rows])
        losses.append(float(model.train_on_batch(inputs, train.labels[rows], sample_weight=weights[rows])))
        if (step + 1) % tuning.checkpoint_steps == 0:
            _checkpoint(model, run, step + 1)
            print(
                f"step {step + 1} of {len(batches)}: loss {np.mean(losses[-tuning.checkpoint_steps :]):.3f}", flush=True
            )
    model.save_weights(finished)
    return model


def training_batches(ids: list[list[int]], tuning: Tuning) -> list[NDArray[np.int64]]:
    """Rows of ``ids`` by training step, over all epochs."""
    return [
        rows
        for epoch in range(tuning.epochs)
        for rows in tokens.batch_rows(ids, tuning.batch, seed=1000 * tuning.seed + epoch)
    ]


def compile_for_training(model: Any, n_steps: int, tuning: Tuning) -> None:  # noqa: ANN401 - keras has no types
    """AdamW with clipped gradients; its rate rises for a tenth of ``n_steps`` and falls by a cosine."""
    import keras  # noqa: PLC0415 - it takes seconds

    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, n_steps, warmup_target=tuning.rate, warmup_steps=max(1, n_steps // 10)
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=tuning.decay, clipnorm=1.0)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)


def logits(model: Any, folder: Path, texts: list[str], batch: int = 64) -> Floats:  # noqa: ANN401 - as above
    """(n, n_labels) of ``texts``."""
    import tensorflow as tf  # noqa: PLC0415 - it takes seconds

    ids = tokens.token_ids(folder, texts)
    values = np.zeros((len(texts), model.output_shape[-1]), np.float32)
    shapes = {name: tf.TensorSpec((None, None), tf.int32) for name in tokens.padded([[0]])}
    graph = tf.function(lambda inputs: model(inputs, training=False), autograph=False)
    # One graph for all lengths, traced ahead: TensorFlow warns of the fifth that is traced by a call.
    scored = graph.get_concrete_function(shapes)
    for rows in tokens.batch_rows(ids, batch):
        inputs = tokens.padded([ids[row] for row in rows])
        values[rows] = scored({name: tf.constant(one) for name, one in inputs.items()}).numpy()
    return values


def _checkpoint(model: Any, run: Path, step: int) -> None:  # noqa: ANN401 - as above
    """The weights, the optimizer's state and dropout's draws after ``step`` steps; ``step.json`` makes them valid."""
    model.save_weights(run / f"step{step}.weights.h5")
    write_json(run / "step.json", {"step": step, "draws": [np.array(one).tolist() for one in _draws(model)]})
    for file in run.glob("step*.weights.h5"):
        if file.name != f"step{step}.weights.h5":
            file.unlink()


def _resumed(model: Any, run: Path) -> int:  # noqa: ANN401 - as above
    """The step to continue at, ``model`` and its optimizer as they were then; 0 without a checkpoint."""
    file = run / "step.json"
    if not file.is_file():
        return 0
    saved = json.loads(file.read_text(encoding="utf-8"))
    step = int(saved["step"])
    model.optimizer.build(model.trainable_variables)
    model.load_weights(run / f"step{step}.weights.h5")
    for one, state in zip(_draws(model), saved["draws"], strict=True):
        one.assign(np.array(state, np.uint32))
    return step


def _draws(model: Any) -> list[Any]:  # noqa: ANN401 - as above
    """The states of all random generators, in a fixed order: ``save_weights`` leaves out some of keras-hub's layers."""
    return [one for one in model.variables if one.path.endswith("seed_generator_state")]
