"""A run's models to a bundle: five files and the manifest that proves them.

    m1.tflite … m5.tflite, sizes.json ──► draft (no calibration, no figures)
    draft, calibration.json, metrics.json, gate ──► bundle.json, README.md ──loaded, run──► edged/models/default
    a bundle, gate or figures ──► the same bundle with these

The manifest says where it comes from: recipe, corpora with licences and speakers, seed, command, commit, versions.  No
path of this machine goes into it.  The folder is only replaced when the new one loads and answers on every runtime
that is here.
"""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from convert.bundle import origin
from convert.card import card, plots
from convert.corpora import READERS
from convert.gate.stage import CURVES, Made
from convert.recipes.cascade import HARD, LABELS, TASKS
from convert.recipes.catalogue import RECIPES
from convert.score.calibration import with_calibration
from convert.score.isolated import apart
from convert.train.runs import Run
from edged.errors import UsageError
from edged.features.geometry import GEOMETRY
from edged.models.bundle import FORMAT, Bundle, Manifest, Model, Routes, Routing, load_bundle
from edged.models.cascade import Cascade
from edged.models.interpreter import installed_runtimes
from edged.models.level_gate import GateSettings
from edged.models.speech_gate import ModelGate

_OPEN = ("cremad", "emodb")  # whose licences allow commercial use
_ANY_LEVEL = GateSettings(margin_db=0, min_dbfs=-96, min_frames=1)
_COPIES_LICENCE = ", also over sounds of esc10 (CC BY 3.0) and noise"
_GATE_LICENCE = "; its gate also on ami (CC BY 4.0), esc10 (CC BY 3.0) and noise, see README.md"


def bundle(run: Run, out: Path, gate: Made | None = None) -> Bundle:
    """Writes the bundle of ``run`` into the folder ``out``, proved; with ``gate`` where there is one.

    Raises:
        UsageError: ``run`` has not been evaluated since its models were made.
        ModelError: what was made does not prove itself.
    """
    made = draft(run)
    fitted, measured = _read(run, "calibration.json", made.manifest), _read(run, "metrics.json", made.manifest)
    prove_whole(measured["metrics"], run.path / "metrics.json")
    default: Routing = fitted["default"]
    calibrated = with_calibration(
        made.manifest, fitted["temperatures"], fitted["weights"], default, fitted.get("moods")
    )
    manifest = msgspec.structs.replace(calibrated, metrics=measured["metrics"])
    files = {manifest.models[name].file: content for name, content in made.contents.items()}
    return _written(out, manifest, files, gate)


def prove_whole(metrics: dict[str, Any], file: Path) -> None:
    """Refuses figures that an evaluation of another version left in ``file``: the card could not tell them.

    Raises:
        UsageError: some are absent.
    """
    absent = [part for part in ("rows", "heard", "robust", "stream") if part not in metrics]
    if absent:
        raise UsageError(
            f"{file}: no {', '.join(absent)}, expected figures of this version: python -m convert evaluate"
        )


def with_gate(path: Path, gate: Made) -> Bundle:
    """Puts ``gate`` into the bundle in ``path``, in the place of the one that it may have.

    Raises:
        ModelError: there is no bundle, or with the gate it does not prove itself.
        UsageError: the bundle was not made here, so that no card can be written of it.
    """
    found = _made_here(path)
    files = {found.manifest.models[name].file: content for name, content in found.contents.items()}
    return _written(path, found.manifest, files, gate)


def with_protocol(path: Path, name: str, judged: dict[str, Any]) -> Bundle:
    """Puts folds of a corpus' protocol beside those that the metrics and the card of the bundle in ``path`` have.

    Raises:
        ModelError: there is no bundle, or with them it does not prove itself.
        UsageError: as above.
    """
    found = _made_here(path)
    old = found.manifest.metrics.get("protocols", {})
    folds = {**old.get(name, {}).get("folds", {}), **judged["folds"]}
    return with_metrics(found, {**found.manifest.metrics, "protocols": {**old, name: {**judged, "folds": folds}}})


def with_metrics(found: Bundle, metrics: dict[str, Any]) -> Bundle:
    """Puts ``metrics`` into a bundle that was made here, in the place of the old ones, with the card that tells them.

    Raises:
        ModelError: with them it does not prove itself.
    """
    manifest = msgspec.structs.replace(found.manifest, metrics=metrics)
    files = {found.manifest.models[name].file: content for name, content in found.contents.items()}
    if manifest.gate is not None and found.gate is not None:
        files |= {manifest.gate.file: found.gate, CURVES: (found.path / CURVES).read_bytes()}
    return _written(found.path, manifest, files, None)


def _made_here(path: Path) -> Bundle:
    found = load_bundle(path)
    if "command" not in found.manifest.training:
        raise UsageError(f"{path / 'bundle.json'}: training has no command, expected a bundle that convert made")
    return found


def _written(out: Path, manifest: Manifest, files: dict[str, bytes], gate: Made | None) -> Bundle:
    """The bundle of ``manifest`` and its ``files``, in the place of what ``out`` holds."""
    if gate is not None:
        files = files | gate.files
        manifest = msgspec.structs.replace(
            manifest,
            gate=gate.model,
            licence=manifest.licence.partition(_GATE_LICENCE)[0] + _GATE_LICENCE,
            metrics={**manifest.metrics, "gate": gate.figures},
            training={**manifest.training, "gate": {**gate.training, "commit": origin.commit()}},
        )
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name, content in files.items():
        (part / name).write_bytes(content)
    (part / "bundle.json").write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    (part / "README.md").write_text(card.card(manifest), encoding="utf-8")
    plots.drawn(manifest, part)
    apart(prove, part)
    shutil.rmtree(out, ignore_errors=True)
    part.replace(out)
    return load_bundle(out)


def draft(run: Run) -> Bundle:
    """The quantized models of ``run`` as a bundle without calibration and figures.

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


def prove(path: Path) -> None:
    """Loads the bundle in ``path`` and lets it answer, by both routings on every runtime that is installed.

    Raises:
        ModelError: it does not load, or does not run.
    """
    proved = load_bundle(path)
    image = np.random.default_rng(0).integers(-128, 128, (GEOMETRY.n_frames, GEOMETRY.n_bands)).astype(np.int8)
    loud = np.zeros(GEOMETRY.n_frames, np.float32)
    routings: tuple[Routing, ...] = ("hard", "soft")
    for runtime in installed_runtimes():
        for routing in routings:
            Cascade(proved, routing, runtime=runtime).answer(image)
        if proved.manifest.gate is not None:
            ModelGate(proved, _ANY_LEVEL, runtime=runtime).hears_speech(loud, image)


def _read(run: Run, name: str, manifest: Manifest) -> dict[str, Any]:
    hashes = {task: model.sha256 for task, model in manifest.models.items()}
    try:
        found: dict[str, Any] = json.loads((run.path / name).read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise UsageError(f"{exc.filename}: not there, expected figures: python -m convert evaluate") from exc
    if found["models"] != hashes:
        raise UsageError(f"{run.path / name}: of other models, expected figures of these: python -m convert evaluate")
    return found


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
    names += _COPIES_LICENCE if run.recipe.copies else ""
    if all(name in _OPEN for name in run.recipe.corpora):
        return f"MIT; trained on {names}; attribution in README.md"
    return f"non-commercial research only: trained on {names}; attribution in README.md"
