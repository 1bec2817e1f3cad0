"""The small bundle's trunk: from the clips of a recipe to one full-integer TFLite file.

    first model of another recipe ──its convolutions──► trunk a
    trunk a, places, the encoder's targets ──epochs──► trunk b
    a and b side by side ──int8──► trunk.tflite (1, 24, 192)

What is done is not done again: the first model, the targets and the epochs are kept in their run's folder.
"""

import dataclasses
import sys
from pathlib import Path
from typing import Any

import numpy as np

from convert.augment.copies import prepare, versions
from convert.data import dataset
from convert.data.atomic_file import atomic, write_json
from convert.data.targets import label_targets
from convert.recipes.cascade import FIRST, LABELS
from convert.recipes.catalogue import recipe as recipe_called
from convert.recipes.spec import TrunkSpec
from convert.score import clip_scores
from convert.train.epochs import put
from convert.train.networks import multiply_adds
from convert.train.quantize import quantize, representative_set
from convert.train.runs import Run
from convert.train.stage import train
from convert.train.trunk.export import int8_trunk
from convert.train.trunk.network import trunk
from convert.train.trunk.places import Places
from convert.train.trunk.start import started
from convert.train.trunk.teacher import Targets, encoder_targets
from convert.train.trunk.training import TrunkTraining
from edged.errors import UsageError
from edged.features.logmel import Floats

_N_CALIBRATION = 512  # windows whose statistics the normalization of a start gets
TRUNK = "trunk"  # file names in the run's folder


def train_trunk(run: Run) -> None:
    """Trains the trunk of ``run`` if it is not trained yet, and what it starts from."""
    file, spec = run.path / f"{TRUNK}.npz", spec_of(run)
    if file.is_file():
        return
    clips, recipe = run.material.train, run.recipe
    start = _start(run)
    if recipe.augmented_copies:
        dataset.prepare(run.material.noises, run.cache)
        prepare(clips, run.material.noises, run.cache, recipe.augmented_copies, recipe.sound)
    targets = encoder_targets(run, spec, clips)
    intended = label_targets(clips, LABELS, recipe.intended_share, recipe.smoothing)
    print(f"trunk: {run.path}", file=sys.stderr)
    TrunkTraining(
        file=file,
        recipe=recipe,
        spec=spec,
        places=Places(
            dataset.load(clips, run.cache, versions(clips, run.cache, recipe.augmented_copies, recipe.sound)),
            np.asarray((1 - spec.soft) * intended + spec.soft * targets.shares, np.float32),
            np.array([LABELS.index(str(clip.label)) for clip in clips]),
            Targets(targets.components, targets.shares),
            recipe,
            spec,
            run.seed,
        ),
        start=start,
    ).finish()


def quantize_trunk(run: Run) -> None:
    """Writes ``trunk.tflite`` and ``trunk-size.json`` into the folder of ``run``.

    Raises:
        UsageError: it has not been trained.
    """
    trained = trunk(run.recipe.network)
    try:
        put(trained.weights, run.path / f"{TRUNK}.npz")
    except FileNotFoundError as exc:
        raise UsageError(f"{exc.filename}: not there, expected a trained trunk: python -m convert train") from exc
    start = _start(run)
    towers = [trained] if start is None else [start, trained]
    size = {
        "parameters": sum(int(tower.count_params()) for tower in towers),
        "multiply_adds": sum(multiply_adds(tower) for tower in towers),
        "width": sum(int(tower.output_shape[-1]) for tower in towers),
    }
    content = int8_trunk(towers, representative_set(run))
    with atomic(run.path / f"{TRUNK}.tflite") as file:
        file.write(content)
    write_json(run.path / f"{TRUNK}-size.json", size)


def spec_of(run: Run) -> TrunkSpec:
    """What the recipe says of its trunk.

    Raises:
        UsageError: it has none.
    """
    if run.recipe.trunk is None:
        raise UsageError(f"recipe {run.recipe.name}: its models share no trunk, expected one of those that do")
    return run.recipe.trunk


def _start(run: Run) -> Any:  # noqa: ANN401 - keras has no types
    """The trunk that training starts from, or None."""
    file = start_file(run)
    return None if file is None else started(run.recipe.network, file, _calibration(run))


def start_file(run: Run) -> Path | None:
    """The quantized first model that training starts from, made where it is not there yet."""
    name = spec_of(run).start
    if not name:
        return None
    other = dataclasses.replace(run, recipe=recipe_called(name))
    file = other.path / f"{FIRST}.tflite"
    if not file.is_file():
        train(other, (FIRST,))
        quantize(other, (FIRST,))
    return file


def _calibration(run: Run) -> Floats:
    clips = run.material.train
    chosen = [clips[index] for index in np.random.default_rng(0).permutation(len(clips))[:_N_CALIBRATION]]
    return clip_scores.dequantised(clip_scores.clip_windows(chosen, run.cache).images)
