"""A run's quantized models to a bundle in memory.

    m1.tflite … m5.tflite, sizes.json ──► draft (no calibration, no metrics)
    draft, Calibration, gate ──► a bundle that can be evaluated

The manifest says where the bundle comes from: recipe, corpora with licences and speakers, seed, command, commit,
versions.  It contains no path of this machine.
"""

import dataclasses
import hashlib
import json
from typing import Any

import msgspec

from convert.bundle import origin
from convert.corpora import READERS
from convert.gate.stage import Made
from convert.recipes.cascade import HARD, LABELS, TASKS
from convert.recipes.catalogue import RECIPES
from convert.score.calibration import Calibration, with_calibration
from convert.train.runs import Run
from edged.errors import UsageError
from edged.features.geometry import GEOMETRY
from edged.models.bundle import FORMAT, Bundle, Manifest, Model, Routes

_OPEN = ("cremad", "emodb")  # whose licences allow commercial use
_COPIES_LICENCE = ", also over sounds of esc10 (CC BY 3.0) and noise"


def draft(run: Run) -> Bundle:
    """The quantized models of ``run`` as a bundle without calibration and metrics.

    Raises:
        UsageError: they have not been quantized.
    """
    try:
        contents = {task: (run.path / f"{task}.tflite").read_bytes() for task in TASKS}
        sizes = json.loads((run.path / "sizes.json").read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise UsageError(f"{exc.filename}: not there, expected a model: python -m convert quantize") from exc
    models = {
        task: Model(
            file=f"{task}.tflite", sha256=hashlib.sha256(contents[task]).hexdigest(), labels=labels, **sizes[task]
        )
        for task, labels in TASKS.items()
    }
    manifest = Manifest(
        format=FORMAT,
        name=run.recipe.name,
        version=origin.version(),
        created=origin.now(),
        licence=_licence(run),
        geometry=dataclasses.asdict(GEOMETRY),
        labels=LABELS,
        models=models,
        routes=Routes(default="hard", hard=HARD, soft=dict.fromkeys(TASKS, 1.0)),
        training=_training(run),
        metrics={},
        versions=origin.versions(),
    )
    return Bundle(run.path, manifest, contents)


def with_choices(made: Bundle, fitted: Calibration, gate: Made | None = None) -> Bundle:
    """The draft ``made`` with the choices of its validation speakers, and with ``gate`` where there is one."""
    manifest = with_calibration(
        made.manifest, fitted.temperatures, fitted.weights, fitted.default, fitted.mean_log_scores
    )
    if gate is None:
        return Bundle(made.path, manifest, made.contents)
    with_gate = msgspec.structs.replace(manifest, gate=gate.model)
    return Bundle(made.path, with_gate, made.contents, gate.content)


def _training(run: Run) -> dict[str, Any]:
    recipe, material = run.recipe, run.material
    used = {}
    for name in recipe.corpora:
        sides = {
            "train": [clip for clip in material.train if clip.corpus == name],
            "validation": [clip for clip in material.validation if clip.corpus == name],
            "test": material.test[name],
        }
        used[name] = {
            "licence": READERS[name].LICENCE,
            "cite": READERS[name].CITE,
            "clips": {side: len(clips) for side, clips in sides.items()},
            "speakers": {side: sorted({clip.speaker for clip in clips}) for side, clips in sides.items()},
        }
    chosen = {}
    for task in TASKS:
        history = json.loads((run.path / f"{task}.json").read_text(encoding="utf-8"))["history"]
        best = min(history, key=lambda entry: entry["nll"])
        chosen[task] = {"epoch": best["epoch"], "of": history[-1]["epoch"], "validation_uar": round(best["uar"], 4)}
    fold = "" if run.fold is None else f" --fold {run.fold}"
    cut = "" if recipe.epochs == RECIPES[recipe.name].epochs else f" --epochs {recipe.epochs}"
    return {
        "recipe": json.loads(msgspec.json.encode(dataclasses.asdict(recipe))),
        "corpora": used,
        "seed": run.seed,
        "epochs": chosen,
        "command": f"python -m convert all --recipe {recipe.name} --seed {run.seed}{fold}{cut}",
        "commit": origin.commit(),
    }


def _licence(run: Run) -> str:
    names = ", ".join(f"{name} ({READERS[name].LICENCE})" for name in run.recipe.corpora)
    names += _COPIES_LICENCE if run.recipe.augmented_copies else ""
    if all(name in _OPEN for name in run.recipe.corpora):
        return f"MIT; trained on {names}; attribution in README.md"
    return f"non-commercial research only: trained on {names}; attribution in README.md"
