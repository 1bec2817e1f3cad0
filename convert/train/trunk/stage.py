"""The small bundle's trunk: from the clips of a recipe to one full-integer TFLite file.

    first model of another recipe ──its convolutions──► tower 0
    tower 0, places of clips with labels and of meetings without, the encoder's targets ──epochs──► towers 1, 2 …
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
from convert.data.meetings import windows
from convert.data.targets import label_targets
from convert.recipes.cascade import FIRST, LABELS
from convert.recipes.catalogue import RECIPES
from convert.recipes.catalogue import recipe as recipe_called
from convert.recipes.spec import TowerSpec, TrunkSpec
from convert.score import clip_scores
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


def trunk_file(run: Run, active_db: float) -> Made:
    """The trunk of ``run``, trained where it is not trained yet.

    Positions within ``active_db`` of the loudest are pooled in training.

    Raises:
        ModelError: the trunk is above its budget.
        UsageError: the recipe has none.
    """
    spec = spec_of(run)
    start, trained = _start(run), []
    for number, of_tower in enumerate(spec.towers, start=1):
        file = run.path / f"tower{number}.npz"
        if not file.is_file():
            _train(run, of_tower, number, file, start, active_db)
        tower = trunk(run.recipe.network)
        put(tower.weights, file)
        trained.append(tower)
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


def _train(  # noqa: PLR0913, PLR0917 - they are what a training is made of
    run: Run,
    spec: TowerSpec,
    number: int,
    file: Path,
    start: Any,  # noqa: ANN401 - keras has no types
    active_db: float,
) -> None:
    labelled, recipe = run.material.train, run.recipe
    clips = [*labelled, *_unlabelled(run)]
    if recipe.augmented_copies:
        dataset.prepare(run.material.noises, run.cache)
        prepare(clips, run.material.noises, run.cache, recipe.augmented_copies, recipe.sound)
    targets = encoder_targets(run, spec, clips)
    labels = targets.shares.copy()  # of a clip without a label it is all that is known
    intended = label_targets(labelled, LABELS, recipe.intended_share, recipe.smoothing)
    labels[: len(labelled)] = (1 - spec.soft) * intended + spec.soft * targets.shares[: len(labelled)]
    truth = targets.shares.argmax(axis=1)
    truth[: len(labelled)] = [LABELS.index(str(clip.label)) for clip in labelled]
    print(f"trunk: tower {number} in {run.path}", file=sys.stderr)
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
        start=start,
    ).finish()


def _unlabelled(run: Run) -> list[Clip]:
    """Prepared clips of speech without labels, where the recipe of ``run`` has any.

    Raises:
        UsageError: there is none in the corpora's folder.
    """
    names = spec_of(run).unlabelled
    if not names:
        return []
    if not run.material.meetings:
        raise UsageError(f"recipe {run.recipe.name}: no meetings, expected {', '.join(names)} among the corpora")
    clips = windows(run.material.meetings, run.work / "meetings")
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


def _start(run: Run) -> Any:  # noqa: ANN401 - keras has no types
    """The trunk that training starts from, or None."""
    file = start_file(run)
    return None if file is None else started(run.recipe.network, file, _calibration(run))


def start_file(run: Run) -> Path | None:
    """The quantized first model that training starts from, made where it is not there yet."""
    name = spec_of(run).start
    if not name:
        return None
    whole = run.recipe.epochs == RECIPES[run.recipe.name].epochs
    other = dataclasses.replace(run, recipe=recipe_called(name, None if whole else run.recipe.epochs))
    file = other.path / f"{FIRST}.tflite"
    if not file.is_file():
        train(other, (FIRST,))
        quantize(other, (FIRST,))
    return file


def _calibration(run: Run) -> Floats:
    clips = run.material.train
    chosen = [clips[index] for index in np.random.default_rng(0).permutation(len(clips))[:_N_CALIBRATION]]
    return clip_scores.dequantised(clip_scores.clip_windows(chosen, run.cache).images)
