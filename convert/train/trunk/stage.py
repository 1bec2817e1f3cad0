"""The small bundle's trunk: from the clips of a recipe to one full-integer TFLite file.

    first model of another recipe ──its convolutions──► tower 0
    tower 0, places of clips with labels and of speech without, the encoder's targets ──epochs──► towers 1, 2 …
    all towers side by side, and the first model's logits ──int8──► trunk.tflite (1, 24, 96 a tower + 6)

Towers differ in their seeds and, where the recipe says so, in their objectives.  The first model, the targets and the
epochs are kept in the run's folder, and are not computed again.
"""

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convert.augment.copies import prepare, versions
from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.meetings import AMI, windows
from convert.data.targets import label_targets
from convert.recipes.cascade import FIRST, LABELS
from convert.recipes.catalogue import RECIPES
from convert.recipes.catalogue import recipe as recipe_called
from convert.recipes.spec import TrunkSpec
from convert.score import clip_scores
from convert.tasks import files
from convert.tasks.job import Job, Result, Workers
from convert.tasks.processes import HERE
from convert.train.epochs import put
from convert.train.quantize import checked_size, quantize, representative_set
from convert.train.runs import Run
from convert.train.stage import train
from convert.train.trunk.export import int8_trunk
from convert.train.trunk.network import trunk
from convert.train.trunk.places import Places
from convert.train.trunk.start import started, with_answers
from convert.train.trunk.teacher import Targets, encoder_targets
from convert.train.trunk.training import TrunkTraining
from edged.errors import ModelError, UsageError
from edged.features.logmel import Floats

_N_CALIBRATION = 512  # windows whose statistics the normalization of a start gets


@dataclass(frozen=True, slots=True)
class Made:
    """A finished trunk."""

    content: bytes  # the .tflite file
    size: dict[str, int]
    answers: int | None  # the first of the outputs that are logits of the model that it started from


def trunk_file(run: Run, active_db: float, workers: Workers = HERE) -> Made:
    """The trunk of ``run``, trained where it is not trained yet; ``workers`` train its networks, several at once.

    Positions within ``active_db`` of the loudest are pooled in training.

    Raises:
        ModelError: the trunk is above its budget.
        UsageError: the recipe has none.
    """
    spec = spec_of(run)
    start = _start(run, workers)
    trained = _towers(run, active_db, start, workers)
    first = start_file(run)
    towers = trained if first is None else [with_answers(start, first), *trained]
    sizes = [checked_size("trunk", tower) for tower in towers]
    if len(towers) > spec.budgets:
        raise ModelError(f"trunk: {len(towers)} networks, expected at most {spec.budgets}")
    size = {
        "parameters": sum(size.parameters for size in sizes),
        "multiply_adds": sum(size.multiply_adds for size in sizes),
        "width": sum(int(tower.output_shape[-1]) for tower in towers),
    }
    answers = None if first is None else int(trained[0].output_shape[-1])
    return Made(int8_trunk(towers, representative_set(run)), size, answers)


def _towers(run: Run, active_db: float, start: Any, workers: Workers) -> list[Any]:  # noqa: ANN401 - keras has no types
    """The trained networks, which all begin with the weights of ``start``, if there is one."""
    weights = None if start is None else start.get_weights()
    jobs = {
        run.path / f"tower{number}.npz": Job(f"tower{number}", _tower, (run, number, weights, active_db))
        for number in range(1, len(spec_of(run).towers) + 1)
    }
    if not all(file.is_file() for file in jobs):  # before the workers, which would all compute the same
        clips = _prepared(run)
        for spec in spec_of(run).towers:
            encoder_targets(run, spec, clips)
    files.make(jobs, workers)
    towers = [trunk(run.recipe.network) for _ in jobs]
    for tower, file in zip(towers, jobs, strict=True):
        put(tower.weights, file)
    return towers


def _tower(run: Run, number: int, weights: list[Floats] | None, active_db: float) -> Result:
    """Trains tower ``number``, 1 or more, from ``weights``."""
    labelled, recipe, spec = run.material.train, run.recipe, spec_of(run).towers[number - 1]
    clips = _prepared(run)
    targets = encoder_targets(run, spec, clips)
    labels = targets.shares.copy()  # of a clip without a label it is all that is known
    intended = label_targets(labelled, LABELS, recipe.intended_share, recipe.smoothing)
    labels[: len(labelled)] = (1 - spec.soft) * intended + spec.soft * targets.shares[: len(labelled)]
    truth = targets.shares.argmax(axis=1)
    truth[: len(labelled)] = [LABELS.index(str(clip.label)) for clip in labelled]
    print(f"trunk: tower {number} in {run.path}", file=sys.stderr)
    file = run.path / f"tower{number}.npz"
    TrunkTraining(
        file=file,
        recipe=recipe,
        spec=spec,
        active_db=active_db,
        places=Places(
            dataset.load(clips, run.cache, versions(clips, run.cache, recipe.augmented_copies, recipe.sound)),
            labels,
            truth,
            Targets(targets.components, targets.shares),
            recipe,
            spec,
            run.seed + number - 1,
        ),
        weights=weights,
    ).finish()
    return files.packed(file)


def _prepared(run: Run) -> list[Clip]:
    """The clips that towers are trained on, those without labels last."""
    clips, recipe = [*run.material.train, *_unlabelled(run)], run.recipe
    if recipe.augmented_copies:
        dataset.prepare(run.material.noises, run.cache)
        prepare(clips, run.material.noises, run.cache, recipe.augmented_copies, recipe.sound)
    return clips


def _unlabelled(run: Run) -> list[Clip]:
    """Prepared clips of speech without labels, where the recipe of ``run`` has any.

    Raises:
        UsageError: it has meetings, and there are none in the corpora's folder.
    """
    if AMI in spec_of(run).unlabelled and not run.material.meetings:
        raise UsageError(f"recipe {run.recipe.name}: no meetings, expected {AMI} among the corpora")
    clips = [*windows(run.material.meetings, run.work / "meetings"), *run.material.unlabelled]
    dataset.prepare(clips, run.cache)
    return clips


def spec_of(run: Run) -> TrunkSpec:
    """The recipe's settings of its trunk.

    Raises:
        UsageError: it has none.
    """
    if run.recipe.trunk is None:
        raise UsageError(f"recipe {run.recipe.name}: its models share no trunk, expected one of those that do")
    return run.recipe.trunk


def _start(run: Run, workers: Workers) -> Any:  # noqa: ANN401 - keras has no types
    """The trunk that training starts from, or None."""
    file = start_file(run, workers)
    return None if file is None else started(run.recipe.network, file, _calibration(run))


def start_file(run: Run, workers: Workers = HERE) -> Path | None:
    """The quantized first model that training starts from, made where it is not there yet."""
    name = spec_of(run).start
    if not name:
        return None
    whole = run.recipe.epochs == RECIPES[run.recipe.name].epochs
    other = dataclasses.replace(run, recipe=recipe_called(name, None if whole else run.recipe.epochs))
    file = other.path / f"{FIRST}.tflite"
    if not file.is_file():
        train(other, (FIRST,), workers)
        quantize(other, (FIRST,))
    return file


def _calibration(run: Run) -> Floats:
    clips = run.material.train
    chosen = [clips[index] for index in np.random.default_rng(0).permutation(len(clips))[:_N_CALIBRATION]]
    return clip_scores.dequantised(clip_scores.clip_windows(chosen, run.cache).images)
