"""A bundle's figures on clips of speakers that it was not trained on.

    a run's models ──validation speakers──► temperatures, routes, moods ──► Bundle
    Bundle, clips by corpus ──measure──► rows, what a baseline is worth, worse conditions, the stream
    the float networks, support vectors ──► the same rows, beside it ──► metrics.json, or the bundle's own card

Which routing is the default, the temperatures and the weights are fixed first, on validation speakers; nothing else is
chosen.  The figures of a bundle need nothing of its training: whoever has the bundle can repeat them on other clips.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from convert.bundle import origin
from convert.bundle.writer import draft, with_metrics
from convert.corpora.clip import Clip
from convert.corpora.index_csv import read_index
from convert.data import dataset
from convert.data.atomic_file import write_json
from convert.data.material import Material, material
from convert.evaluate import mfcc_baseline
from convert.evaluate.measure import Beside, beside_it, heard, measured, streamed
from convert.gate.stage import Made
from convert.recipes.cascade import TASKS
from convert.recipes.catalogue import RECIPES, recipe
from convert.score import clip_scores
from convert.score.calibration import Calibration, calibrated, with_calibration
from convert.score.rows import routings
from convert.score.runtimes import int8
from convert.train.runs import Run
from edged.errors import UsageError
from edged.models.bundle import Bundle, Manifest, load_bundle


def evaluate(run: Run, beside: Beside, gate: Made | None = None) -> dict[str, Any]:
    """Calibrates the quantized models of ``run`` and writes ``calibration.json`` and ``metrics.json``."""
    from convert.train.stage import trained  # noqa: PLC0415 - a bundle is evaluated without TensorFlow

    bundle = calibrated_bundle(run, gate)
    groups = _groups(run.material)
    metrics = measured(bundle, groups, run.material.validation, run.cache, run.path / "scores", beside)
    floats = {task: trained(run, task) for task in TASKS}
    for name, clips in groups.items():
        windows = clip_scores.heard(clips, run.cache)
        float_scores = {task: clip_scores.float_scores(model, windows.images) for task, model in floats.items()}
        metrics["rows"][name]["float"] = routings(bundle.manifest, float_scores, windows)
    fitted = json.loads((run.path / "calibration.json").read_text(encoding="utf-8"))
    metrics = _with_material(metrics, run.material, run.cache, run.seed)
    metrics["validation_uar"] = fitted["validation_uar"]
    write_json(run.path / "metrics.json", {"models": _hashes(bundle.manifest), "metrics": metrics})
    return metrics


def evaluate_bundle(path: Path, work: Path, beside: Beside) -> Bundle:
    """Judges the bundle in ``path`` on the material of its recipe; the figures and their card take the old ones' place.

    What only its training can tell (the float networks, validation's UAR, the gate's figures) stays as it is.

    Raises:
        UsageError: it is of no recipe that is known, or was trained on speakers that are to judge it.
    """
    bundle = load_bundle(path)
    found = _material_of(bundle, beside.corpora)
    cache, old = work / "cache", bundle.manifest.metrics
    dataset.prepare(found.all(), cache)
    metrics = measured(bundle, _groups(found), found.validation, cache, work / "scores", beside)
    metrics = _with_material(metrics, found, cache, bundle.manifest.training.get("seed", 0))
    for group, row in old.get("rows", {}).items():
        if "float" in row and group in metrics["rows"]:
            metrics["rows"][group]["float"] = row["float"]
    lasting = ("validation_uar", "gate", "runs", "protocols")
    kept: dict[str, Any] = {key: old[key] for key in lasting if old.get(key)}
    metrics["rivals"] = {**old.get("rivals", {}), **metrics["rivals"]}
    metrics["evaluated"] = {
        "command": "python -m convert evaluate --bundle",
        "commit": origin.commit(),
        "at": origin.now(),
    }
    return with_metrics(bundle, {**kept, **{key: value for key, value in metrics.items() if value}})


def evaluate_beside(path: Path, work: Path, beside: Beside) -> Bundle:
    """Judges rivals and runs alone; they join what the card of the bundle in ``path`` tells, the rest stays.

    Raises:
        UsageError: as above.
    """
    bundle = load_bundle(path)
    found, old = _material_of(bundle, beside.corpora), bundle.manifest.metrics
    dataset.prepare(found.all(), work / "cache")
    joining = beside_it(_groups(found), found.validation, work / "cache", work / "scores", beside)
    joining["rivals"] = {**old.get("rivals", {}), **joining["rivals"]}
    return with_metrics(bundle, {**old, **{key: value for key, value in joining.items() if value}})


def evaluate_part(path: Path, work: Path, beside: Beside, part: str) -> dict[str, Any]:
    """``heard`` or ``stream`` of the bundle in ``path`` alone, on the material of its recipe; nothing is written.

    Raises:
        UsageError: as above.
    """
    bundle = load_bundle(path)
    found = _material_of(bundle, beside.corpora)
    dataset.prepare(found.all(), work / "cache")
    if part == "stream":
        return streamed(bundle, _groups(found), found.validation, work / "cache", beside)
    return heard(bundle, _groups(found), found.validation, work / "cache", work / "scores")


def evaluate_index(path: Path, index: Path, work: Path, beside: Beside) -> dict[str, Any]:
    """The figures of a bundle on the clips of any index whose labels it knows.

    Raises:
        UsageError: no clip of the index has one of the bundle's labels.
    """
    bundle = load_bundle(path)
    clips = [clip for clip in read_index(index) if clip.label in bundle.manifest.labels]
    if not clips:
        raise UsageError(f"{index}: no clip has one of the labels {', '.join(bundle.manifest.labels)}")
    dataset.prepare(clips, work / "cache")
    names = dict.fromkeys(clip.corpus for clip in clips)
    groups = {name: [clip for clip in clips if clip.corpus == name] for name in names}
    metrics = measured(bundle, groups, [], work / "cache", work / "scores", beside)
    return {"bundle": bundle.manifest.name, "version": bundle.manifest.version, **metrics}


def evaluate_heard(run: Run) -> dict[str, Any]:
    """What the baseline is worth of a run whose models are quantized; only ``calibration.json`` is written."""
    groups = _groups(run.material)
    return heard(calibrated_bundle(run), groups, run.material.validation, run.cache, run.path / "scores")


def evaluate_stream(run: Run, beside: Beside, gate: Made | None) -> dict[str, Any]:
    """The stream alone; only ``calibration.json`` is written."""
    found = run.material
    return streamed(calibrated_bundle(run, gate), _groups(found), found.validation, run.cache, beside)


def calibrated_bundle(run: Run, gate: Made | None = None) -> Bundle:
    """The quantized models of ``run`` with what validation speakers decide, and the gate where there is one."""
    made = draft(run)
    fitted = calibration(run, made)
    manifest = with_calibration(made.manifest, fitted.temperatures, fitted.weights, fitted.default, fitted.moods)
    if gate is None:
        return Bundle(made.path, manifest, made.contents)
    content = gate.files[gate.model.file]
    return Bundle(made.path, msgspec.structs.replace(manifest, gate=gate.model), made.contents, content)


def calibration(run: Run, bundle: Bundle) -> Calibration:
    """What the validation speakers of ``run`` decide."""
    windows = clip_scores.heard(run.material.validation, run.cache)
    fitted = calibrated(bundle.manifest, int8(bundle, windows, run.path / "scores"), windows)
    write_json(
        run.path / "calibration.json",
        {
            "models": _hashes(bundle.manifest),
            "temperatures": fitted.temperatures,
            "weights": fitted.weights,
            "default": fitted.default,
            "validation_uar": fitted.validation_uar,
            "moods": fitted.moods,
        },
    )
    return fitted


def _with_material(metrics: dict[str, Any], found: Material, cache: Path, seed: int) -> dict[str, Any]:
    """With what the recipe's material tells: who was never trained on, and what support vectors make of it."""
    vectors = mfcc_baseline.baselines(found, cache, seed)
    rows = {
        name: {
            "never_trained": name in found.strangers,
            **row,
            "baseline": {kind: own[name].as_json() for kind, own in vectors.items() if name in own},
        }
        for name, row in metrics["rows"].items()
    }
    return {**metrics, "rows": rows, "seed": seed}


def _material_of(bundle: Bundle, corpora: Path) -> Material:
    """What the bundle's recipe speaks of, proved to be what it did not hear."""
    file, training = bundle.path / "bundle.json", bundle.manifest.training
    name = training.get("recipe", {}).get("name")
    if name not in RECIPES:
        raise UsageError(f"{file}: training.recipe is {name}, expected one of {', '.join(RECIPES)}")
    found = material(corpora, recipe(name))
    sides = [corpus["speakers"] for corpus in training.get("corpora", {}).values()]
    trained = {speaker for own in sides for side in ("train", "validation") for speaker in own.get(side, [])}
    judges = {clip.speaker for clips in _groups(found).values() for clip in clips}
    if both := sorted(trained & judges):
        raise UsageError(f"{file}: trained on {', '.join(both)}, expected none of the test speakers")
    return found


def _groups(found: Material) -> dict[str, list[Clip]]:
    return {name: clips for name, clips in (*found.test.items(), *found.strangers.items()) if clips}


def _hashes(manifest: Manifest) -> dict[str, str]:
    return {name: model.sha256 for name, model in manifest.models.items()}
