"""Trained networks to full-integer TFLite models.

    network ──one image in dB, softmax──► converter, representative set of training windows──► int8 in, int8 out

The input's scale must be exactly the front end's, 80 dB in 255 steps from -128 on, so the representative windows span 0
to 80 dB above the floor.  Weights are quantized per channel, as the converter does for convolutions.  Models above the
budget are refused.
"""

import tempfile
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from convert.corpora.clip import Clip
from convert.data.atomic_file import atomic, write_json
from convert.score import clip_scores
from convert.score.isolated import apart
from convert.train.networks import for_device, multiply_adds
from convert.train.runs import Run
from convert.train.stage import trained
from edged.errors import ModelError, UsageError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

MAX_PARAMETERS = 150_000
MAX_MULTIPLY_ADDS = 25_000_000
_N_REPRESENTATIVE = 500


@dataclass(frozen=True, slots=True)
class Size:
    """The cost of a model."""

    parameters: int
    multiply_adds: int


def quantize(run: Run, tasks: Iterable[str] = ()) -> None:
    """Writes ``m1.tflite`` … ``m5.tflite``, or only those of ``tasks``, and ``sizes.json`` into the run's folder.

    Raises:
        ModelError: a network is above the budget, or the device could not load its file.
        UsageError: it has not been trained.
    """
    representative = representative_set(run)
    sizes, contents = {}, {}
    for task in tasks or run.recipe.cascade.tasks:
        try:
            model = trained(run, task)
        except FileNotFoundError as exc:
            raise UsageError(f"{exc.filename}: not there, expected a trained {task}: python -m convert train") from exc
        size = checked_size(task, model, run.recipe.budgets)
        sizes[task] = {"parameters": size.parameters, "multiply_adds": size.multiply_adds}
        contents[task] = full_integer(model, representative)
    apart(clip_scores.prove_loads, contents, {task: len(run.recipe.cascade.tasks[task]) for task in contents})
    for task, content in contents.items():
        with atomic(run.path / f"{task}.tflite") as file:
            file.write(content)
    write_json(run.path / "sizes.json", sizes)


def representative_set(run: Run) -> Floats:
    """(n, n_frames, n_bands, 1) windows, 0..1, of clips of training speakers, drawn at random.

    The first gets a cell of 0 and one of 1: the input's scale must not depend on the clips that were drawn.
    """
    return representative_windows(run.material.train, run.cache, run.seed)


def representative_windows(clips: Sequence[Clip], cache: Path, seed: int) -> Floats:
    """(n, n_frames, n_bands, 1) as ``representative_set``, of prepared ``clips``."""
    rng = np.random.default_rng(seed)
    chosen = [clips[index] for index in rng.permutation(len(clips))[:_N_REPRESENTATIVE]]
    windows = clip_scores.dequantised(clip_scores.clip_windows(chosen, cache).images)
    windows[0, 0, :2, 0] = 0, 1
    return windows


def checked_size(name: str, model: Any, budgets: int = 1) -> Size:  # noqa: ANN401 - keras has no types
    """The cost of ``model``.

    Raises:
        ModelError: more than 150,000 parameters or 25 million multiply-adds, each times ``budgets``.
    """
    size = Size(int(model.count_params()), multiply_adds(model))
    limit = Size(MAX_PARAMETERS * budgets, MAX_MULTIPLY_ADDS * budgets)
    if size.parameters > limit.parameters or size.multiply_adds > limit.multiply_adds:
        raise ModelError(
            f"network {name}: {size.parameters} parameters and {size.multiply_adds} multiply-adds, expected at most"
            f" {limit.parameters} and {limit.multiply_adds}"
        )
    return size


def full_integer(model: Any, representative: Floats) -> bytes:  # noqa: ANN401 - keras has no types
    """The ``.tflite`` file of ``model``, int8 from input to output; ``model`` is changed for it."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        for_device(model).export(folder, verbose=False)
        # It expects the scale of the input to be given, which applies to quantization-aware training only.
        warnings.filterwarnings("ignore", "Statistics for quantized inputs were expected", UserWarning)
        return converted(folder, representative)


def converted(folder: str, representative: Floats) -> bytes:
    """The full-integer file of the exported network in ``folder``, whose input is an image in dB."""
    converter = tf.lite.TFLiteConverter.from_saved_model(folder)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[None] * np.float32(GEOMETRY.top_db)] for image in representative)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())
