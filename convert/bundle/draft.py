"""A run's quantized models to a bundle in memory.

    m1.tflite … m5.tflite, sizes.json, trunk.tflite, adaptation.npz ──► draft (no calibration, no metrics)
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
from convert.bundle.shipped_gate import ShippedGate
from convert.corpora import READERS
from convert.data.meetings import AMI, LICENCE
from convert.encoder.package import NOTICE, ONNX, PACKAGE
from convert.gate.stage import Made
from convert.recipes.catalogue import RECIPES, SIZES
from convert.recipes.spec import Recipe
from convert.score.calibration import Calibration, with_calibration
from convert.train.heads import stage
from convert.train.runs import Run
from edged.errors import UsageError
from edged.features.geometry import GEOMETRY
from edged.models.bundle import FORMAT, AdaptationFile, Bundle, GateModel, Manifest, Model, Routes, Trunk

Gate = Made | ShippedGate
_OPEN = ("cremad", "emodb")  # whose licences allow commercial use
_ENCODER_LICENCE = "; on an encoder of others (BSD-2-Clause and MIT), see README.md"
_TAUGHT_LICENCE = "; taught by an encoder of others (BSD-2-Clause and MIT), of which it contains nothing, see README.md"
_TAUGHT = "Towers of the trunk learned to match features of an encoder; they contain none of its weights. "
_MEETINGS = f"the AMI Meeting Corpus (Carletta et al. 2005, {LICENCE})"
_COPIES_LICENCE = ", also over sounds of esc10 (CC BY 3.0) and noise"


def draft(run: Run) -> Bundle:
    """The quantized models of ``run`` as a bundle without calibration and metrics.

    Raises:
        UsageError: they have not been quantized.
    """
    try:
        contents = {task: (run.path / f"{task}.tflite").read_bytes() for task in run.recipe.cascade.tasks}
        sizes = json.loads((run.path / "sizes.json").read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise UsageError(f"{exc.filename}: not there, expected a model: python -m convert quantize") from exc
    models = {
        task: Model(
            file=f"{task}.tflite", sha256=hashlib.sha256(contents[task]).hexdigest(), labels=labels, **sizes[task]
        )
        for task, labels in run.recipe.cascade.tasks.items()
    }
    trunk, adaptation = _trunk(run, sizes), _adaptation(run)
    manifest = Manifest(
        format=FORMAT,
        name=run.recipe.name,
        version=origin.version(),
        created=origin.now(),
        licence=_licence(run),
        geometry=dataclasses.asdict(stage.geometry_of(run.recipe)),
        labels=run.recipe.cascade.labels,
        models=models,
        routes=Routes(default="hard", hard=run.recipe.cascade.hard, soft=dict.fromkeys(models, 1.0)),
        training=_training(run),
        metrics={},
        versions=origin.versions(),
        trunk=trunk[0] if trunk else None,
        adaptation=adaptation[0] if adaptation else None,
    )
    return Bundle(
        run.path,
        manifest,
        contents,
        trunk=trunk[1] if trunk else None,
        adaptation=adaptation[1] if adaptation else None,
    )


def with_choices(made: Bundle, fitted: Calibration, gate: Gate | None = None) -> Bundle:
    """The draft ``made`` with the choices made on validation speakers, and with ``gate`` if given."""
    manifest = with_calibration(
        made.manifest, fitted.temperatures, fitted.weights, fitted.default, fitted.mean_log_scores
    )
    if gate is None:
        return dataclasses.replace(made, manifest=manifest)
    with_gate = msgspec.structs.replace(manifest, gate=gate_of(manifest, gate.model))
    return dataclasses.replace(made, manifest=with_gate, gate=gate.content)


def gate_of(manifest: Manifest, gate: GateModel) -> GateModel:
    """``gate``, with its own geometry where that of the bundle is another."""
    own = dataclasses.asdict(GEOMETRY)
    return msgspec.structs.replace(gate, geometry=None if manifest.geometry == own else own)


def _trunk(run: Run, sizes: dict[str, Any]) -> tuple[Trunk, bytes] | None:
    if run.recipe.heads is None:
        return None
    content = (run.path / stage.TRUNK).read_bytes()
    return (
        Trunk(
            file=stage.TRUNK,
            sha256=hashlib.sha256(content).hexdigest(),
            active_db=run.recipe.heads.active_db,
            **sizes["trunk"],
        ),
        content,
    )


def _adaptation(run: Run) -> tuple[AdaptationFile, bytes] | None:
    spec = run.recipe.heads
    if spec is None:
        return None
    content = (run.path / stage.ADAPTATION).read_bytes()
    return (
        AdaptationFile(
            file=stage.ADAPTATION,
            sha256=hashlib.sha256(content).hexdigest(),
            of="features",
            caution_s=spec.caution_s,
            prior_weight_s=spec.prior_weight_s,
            power=spec.power,
            share=spec.share,
        ),
        content,
    )


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
    chosen: dict[str, Any] = {}
    for task in recipe.cascade.tasks if recipe.heads is None else ():
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
        "command": f"python -m convert all {named(recipe)} --seed {run.seed}{fold}{cut}",
        "commit": origin.commit(),
        **_encoder(run),
    }


def naming_gate(training: dict[str, Any], gate: Gate | None) -> dict[str, Any]:
    """``training`` with ``--shipped-gate`` in its command, where that is a choice; on the encoder it is none."""
    on_encoder = training["recipe"]["heads"] is not None and training["recipe"]["trunk"] is None
    if on_encoder or not isinstance(gate, ShippedGate):
        return training
    return {**training, "command": f"{training['command']} --shipped-gate"}


def _encoder(run: Run) -> dict[str, Any]:
    if run.recipe.heads is None:
        return {}
    if run.recipe.trunk is not None:
        sources = [_MEETINGS] if run.material.meetings else []
        sources += [f"{name} ({READERS[name].CITE}; {READERS[name].LICENCE})" for name in _unlabelled(run)]
        more = f"They also matched them on speech without labels, of {', '.join(sources)}. " if sources else ""
        return {"encoder": {"package": PACKAGE, "file": ONNX, "notice": _TAUGHT + more + NOTICE}}
    licence = (run.work / "encoder" / "LICENSE").read_text(encoding="utf-8")
    return {"encoder": {"package": PACKAGE, "file": ONNX, "notice": NOTICE, "licence": licence}}


def named(recipe: Recipe) -> str:
    """The options that name ``recipe`` on the command line: the recipe of a size by its size."""
    size = next((size for size, name in SIZES.items() if name == recipe.name), None)
    return f"--size {size}" if size else f"--recipe {recipe.name}"


def _unlabelled(run: Run) -> list[str]:
    """The corpora besides the meetings that are trained on without their labels."""
    return sorted({clip.corpus for clip in run.material.unlabelled})


def _licence(run: Run) -> str:
    names = ", ".join(f"{name} ({READERS[name].LICENCE})" for name in run.recipe.corpora)
    names += _COPIES_LICENCE if run.recipe.augmented_copies or run.recipe.heads else ""
    if run.recipe.heads:
        sources = [f"{AMI} ({LICENCE})"] if run.material.meetings else []
        sources += [f"{name} ({READERS[name].LICENCE})" for name in _unlabelled(run)]
        names += f", and without labels on {', '.join(sources)}" if sources else ""
        names += _TAUGHT_LICENCE if run.recipe.trunk else _ENCODER_LICENCE
    if all(name in _OPEN for name in (*run.recipe.corpora, *_unlabelled(run))):
        return f"MIT; trained on {names}; attribution in README.md"
    return f"non-commercial research only: trained on {names}; attribution in README.md"
