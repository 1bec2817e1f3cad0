"""A run whose models share a trunk: everything that its bundle consists of, before calibration.

    package's weights, cut off, or networks trained side by side ──► trunk.tflite
    clips, versions ──trunk──► features ──► adaptation.npz, m1.tflite … m5.tflite, sizes.json

Features are computed by the ``.tflite`` file that is shipped, so its rounding is part of the training.
"""

from typing import Any

from convert.data import dataset
from convert.data.atomic_file import atomic, write_json
from convert.encoder.package import fetch
from convert.encoder.trunk import multiply_adds, parameters, trunk
from convert.encoder.weights import read_weights
from convert.recipes.cascade import TASKS
from convert.recipes.spec import HeadsSpec, Recipe
from convert.tasks.job import Workers
from convert.tasks.processes import HERE
from convert.train.heads.files import head_file
from convert.train.heads.network import Head
from convert.train.heads.statistics import as_file, statistics
from convert.train.heads.training import trained
from convert.train.heads.window_features import AS_IT_COMES, Source, WindowFeatures, window_features
from convert.train.runs import Run
from edged.errors import UsageError
from edged.features.geometry import GEOMETRY, Geometry
from edged.features.whisper import WHISPER

TRUNK, ADAPTATION, SIZES = "trunk.tflite", "adaptation.npz", "sizes.json"


def train(run: Run, workers: Workers = HERE) -> None:
    """Writes trunk, statistics and heads into the folder of ``run``, where they are not there yet.

    ``workers`` train the networks of a trunk, several at once.

    Raises:
        UsageError: the encoder's package cannot be had, or the recipe has no such heads.
    """
    spec = heads_of(run)
    if (run.path / SIZES).is_file():
        return
    content, size, answers = _trunk(run, spec, workers)
    _write(run, TRUNK, content)
    sizes: dict[str, Any] = {"trunk": size}
    features = training_features(run)
    known = statistics([group for group in features if group.version == AS_IT_COMES], spec)
    _write(run, ADAPTATION, as_file(known))
    heads = trained(features, known, spec, run.seed, answers=answers)
    for task in TASKS:
        _write(run, f"{task}.tflite", head_file(heads[task]))
        sizes[task] = _size(heads[task])
    write_json(run.path / SIZES, sizes)


def _trunk(run: Run, spec: HeadsSpec, workers: Workers) -> tuple[bytes, dict[str, int], int | None]:
    if run.recipe.trunk is not None:
        from convert.train.trunk.stage import trunk_file  # noqa: PLC0415 - TensorFlow takes seconds

        made = trunk_file(run, spec.active_db, workers)
        return made.content, made.size, made.answers
    weights = read_weights(fetch(run.work / "encoder"))
    size = {
        "parameters": parameters(weights, spec.outputs),
        "multiply_adds": multiply_adds(weights, spec.outputs),
        "width": len(spec.outputs) * weights.positions.shape[1],
    }
    return trunk(weights, spec.outputs), size, None


def geometry_of(recipe: Recipe) -> Geometry:
    """Of the windows that the trunk or the models of ``recipe`` see."""
    return WHISPER if recipe.heads and not recipe.trunk else GEOMETRY


def heads_of(run: Run) -> HeadsSpec:
    """The heads of the recipe of ``run``.

    Raises:
        UsageError: it has none.
    """
    if run.recipe.heads is None:
        raise UsageError(f"recipe {run.recipe.name}: its models are no heads, expected a recipe with a trunk")
    return run.recipe.heads


def training_features(run: Run) -> list[WindowFeatures]:
    """Of all training clips in all versions, by corpus and version."""
    spec, made = heads_of(run), source(run)
    dataset.prepare(list(made.noises), run.cache)
    groups = []
    for corpus in run.recipe.corpora:
        clips = [clip for clip in run.material.train if clip.corpus == corpus]
        dataset.prepare([clip for clip in clips if clip.stored], run.cache)
        groups += window_features(clips, range(spec.versions), made)
    return groups


def source(run: Run) -> Source:
    """What the features of ``run`` are computed with; its trunk must be there.

    Raises:
        UsageError: there is no trunk.
    """
    file = run.path / TRUNK
    try:
        content = file.read_bytes()
    except FileNotFoundError as exc:
        raise UsageError(f"{file}: not there, expected a trunk: python -m convert train") from exc
    return Source(
        trunk=content,
        geometry=geometry_of(run.recipe),
        active_db=heads_of(run).active_db,
        sound=run.recipe.sound,
        noises=tuple(run.material.noises),
        cache=run.cache,
        folder=run.work / "features",
    )


def _size(head: Head) -> dict[str, int]:
    return {"parameters": head.n_parameters, "multiply_adds": head.multiply_adds}


def _write(run: Run, name: str, content: bytes) -> None:
    with atomic(run.path / name) as file:
        file.write(content)
