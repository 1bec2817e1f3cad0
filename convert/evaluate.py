"""A bundle's figures on clips of speakers that it was not trained on.

    bundle, clips by corpus ──int8 scores──► hard, soft, the first model alone, each model on its own task ──► Figures
    the same with the float networks ──► what int8 costs
    both runtimes on the same windows ──► how many steps they are apart
    MFCC and a small classifier ──► the baseline beside it
    the device's own baseline, after so many seconds of a speaker ──► curves

Which routing is the default, the temperatures and the weights were fixed before, on validation speakers; nothing here
is chosen.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from convert import baseline, curves, dataset, scores
from convert.bundle import draft
from convert.calibrate import Calibration, calibrated, routed, with_calibration
from convert.corpora.clip import Clip
from convert.corpora.index_csv import read_index
from convert.design import TASKS
from convert.figures import calibration_error, figures
from convert.runs import Run, write_json
from convert.scores import Heard
from edged.errors import ModelError, UsageError
from edged.features.logmel import Floats
from edged.models.bundle import Bundle, Manifest, load_bundle
from edged.models.cascade import sharpened
from edged.models.interpreter import Runtime, installed_runtimes

_N_COMPARED = 400  # windows on which the runtimes are compared
PROTOCOL = (
    "Speakers are disjoint between train, validation and test (convert/splits). Epochs, temperatures, weights and the"
    " default routing were chosen on validation speakers. Clips longer than a window are judged by the mean of windows"
    " every 0.496 s, as edged classify does. UAR is the mean recall over the labels that occur; intervals are 95 %, by"
    " bootstrap over speakers. Corpora that were never trained on are judged over all of their speakers."
)


def evaluate(run: Run) -> dict[str, Any]:
    """Calibrates the quantized models of ``run`` and writes ``calibration.json`` and ``metrics.json``."""
    from convert.train import trained  # noqa: PLC0415 - a bundle is evaluated without TensorFlow

    bundle = draft(run)
    fitted = calibration(run, bundle)
    calibrated_bundle = Bundle(
        bundle.path,
        with_calibration(bundle.manifest, fitted.temperatures, fitted.weights, fitted.default, fitted.moods),
        bundle.contents,
    )
    floats = {task: trained(run, task) for task in TASKS}
    material = run.material
    groups = {name: clips for name, clips in (*material.test.items(), *material.strangers.items()) if clips}
    rivals = baseline.baselines(material, run.cache, run.seed)
    rows: dict[str, Any] = {}
    for name, clips in groups.items():
        windows = scores.heard(clips, run.cache)
        float_scores = {task: scores.float_scores(model, windows.images) for task, model in floats.items()}
        rows[name] = {
            "never_trained": name in material.strangers,
            **judged(calibrated_bundle.manifest, _int8(calibrated_bundle, windows, run.path / "scores"), windows),
            "float": _routings(calibrated_bundle.manifest, float_scores, windows),
            "baseline": {kind: found[name].as_json() for kind, found in rivals.items() if name in found},
        }
    metrics = {
        "protocol": PROTOCOL,
        "seed": run.seed,
        "validation_uar": fitted.validation_uar,
        "rows": rows,
        "heard": heard(run, calibrated_bundle),
        "runtimes": compared(bundle, scores.heard(next(iter(groups.values())), run.cache), run.path / "scores"),
    }
    write_json(run.path / "metrics.json", {"models": _hashes(bundle.manifest), "metrics": metrics})
    return metrics


def heard(run: Run, bundle: Bundle) -> dict[str, Any]:
    """What the device's baseline is worth, by group of clips; ``validation`` is what its numbers were chosen on."""
    manifest, material = bundle.manifest, run.material
    if not manifest.moods:
        return {}
    groups = {"validation": material.validation, **material.test, **material.strangers}
    found = {}
    for name, clips in groups.items():
        if clips:
            windows = scores.heard(clips, run.cache)
            raw = _int8(bundle, windows, run.path / "scores")
            own = name == "validation"
            table = curves.table_without(manifest, raw, windows) if own else curves.table_of(manifest)
            found[name] = curves.figures(curves.homes(manifest, raw, windows, run.cache), table)
    return found


def evaluate_heard(run: Run) -> dict[str, Any]:
    """The same of a run whose models are quantized, calibrated anew; nothing but ``calibration.json`` is written."""
    bundle = draft(run)
    fitted = calibration(run, bundle)
    manifest = with_calibration(bundle.manifest, fitted.temperatures, fitted.weights, fitted.default, fitted.moods)
    return heard(run, Bundle(bundle.path, manifest, bundle.contents))


def calibration(run: Run, bundle: Bundle) -> Calibration:
    """What the validation speakers of ``run`` decide."""
    windows = scores.heard(run.material.validation, run.cache)
    fitted = calibrated(bundle.manifest, _int8(bundle, windows, run.path / "scores"), windows)
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


def evaluate_index(bundle_path: Path, index: Path, work: Path) -> dict[str, Any]:
    """The figures of a bundle on the clips of any index whose labels it knows.

    Raises:
        UsageError: no clip of the index has one of the bundle's labels.
    """
    bundle = load_bundle(bundle_path)
    clips = [clip for clip in read_index(index) if clip.label in bundle.manifest.labels]
    if not clips:
        raise UsageError(f"{index}: no clip has one of the labels {', '.join(bundle.manifest.labels)}")
    dataset.prepare(clips, work / "cache")
    rows = {}
    for name, found in _by_corpus(clips).items():
        windows = scores.heard(found, work / "cache")
        rows[name] = judged(bundle.manifest, _int8(bundle, windows, work / "scores"), windows)
    return {"bundle": bundle.manifest.name, "version": bundle.manifest.version, "protocol": PROTOCOL, "rows": rows}


def judged(manifest: Manifest, raw: Mapping[str, Floats], windows: Heard) -> dict[str, Any]:
    """Figures of the default routing, of both, of the first model alone, and of each model on its own task."""
    speakers = [clip.speaker for clip in windows.clips]
    tasks = {}
    for name, model in manifest.models.items():
        answers = windows.by_clip(raw[name]).argmax(axis=1)
        truth = windows.place_of(model.labels)
        if (truth >= 0).any():
            tasks[name] = figures(model.labels, truth, answers, speakers).as_json()
    routings = _routings(manifest, raw, windows)
    return {"default": manifest.routes.default, **routings, "tasks": tasks}


def compared(bundle: Bundle, windows: Heard, store: Path) -> dict[str, Any]:
    """How many steps of their int8 outputs the runtimes that are installed are apart, at most, by model."""
    few = Heard(windows.clips, windows.images[:_N_COMPARED], windows.owner[:_N_COMPARED])
    by_runtime = {runtime: _int8(bundle, few, store, runtime) for runtime in installed_runtimes()}
    first, *others = by_runtime.values()
    quanta = {}
    for name in first:
        apart = [float(np.abs(first[name] - other[name]).max()) * 256 for other in others]  # softmax's scale is 1/256
        quanta[name] = round(max(apart, default=0.0))
    return {"compared": list(by_runtime), "windows": len(few.images), "quanta_apart": quanta}


def _routings(manifest: Manifest, raw: Mapping[str, Floats], windows: Heard) -> dict[str, Any]:
    first = manifest.routes.hard.model
    model = manifest.models[first]
    # The first model's labels are the bundle's, perhaps in another order.
    columns = [model.labels.index(label) for label in manifest.labels]
    answers = {
        "hard": windows.by_clip(routed(manifest, raw, "hard")),
        "soft": windows.by_clip(routed(manifest, raw, "soft")),
        "first": windows.by_clip(sharpened(raw[first], model.temperature)[:, columns]),
    }
    truth = windows.place_of(manifest.labels)
    speakers = [clip.speaker for clip in windows.clips]
    return {
        way: {
            **figures(manifest.labels, truth, found.argmax(axis=1), speakers).as_json(),
            "ece": round(calibration_error(truth, found), 4),
        }
        for way, found in answers.items()
    }


def _int8(bundle: Bundle, windows: Heard, store: Path, runtime: Runtime | None = None) -> dict[str, Floats]:
    runtimes = installed_runtimes()
    if not runtimes:
        raise ModelError("no TFLite runtime can be imported, expected tflite-runtime or ai-edge-litert")
    n_labels = {name: len(model.labels) for name, model in bundle.manifest.models.items()}
    return scores.int8_scores(bundle.contents, n_labels, runtime or runtimes[0], windows, store)


def _by_corpus(clips: list[Clip]) -> dict[str, list[Clip]]:
    names = dict.fromkeys(clip.corpus for clip in clips)
    return {name: [clip for clip in clips if clip.corpus == name] for name in names}


def _hashes(manifest: Manifest) -> dict[str, str]:
    return {name: model.sha256 for name, model in manifest.models.items()}
