"""A run's quantized models to their calibration on validation speakers, and to their metrics.

    Bundle without calibration, validation speakers ──► Calibration
    Bundle, clips by corpus ──measure──► metrics, the same rows of the float networks and of support vector machines

Temperatures, weights and the default routing are fixed first, on validation speakers.  Nothing else is chosen.
"""

import dataclasses
from typing import Any

from convert.corpora.clip import Clip
from convert.data.material import Material
from convert.evaluate import feature_curves
from convert.evaluate.measure import Scope, Tested, measured
from convert.evaluate.svm import with_svm
from convert.recipes.cascade import LABELS
from convert.score import clip_scores
from convert.score.calibration import Calibration, calibrated, with_calibration
from convert.score.rows import routing_metrics
from convert.score.runtimes import int8
from convert.train.heads import bundle_windows
from convert.train.runs import Run
from edged.models.bundle import Bundle

VALIDATION_CORPORA = ("emovo",)  # never trained on; choices for unknown speakers are made on it


def calibration(run: Run, draft: Bundle) -> Calibration:
    """The calibration of ``draft``, whose temperatures are all 1, on the validation speakers of ``run``."""
    store = run.path / "scores"
    windows = bundle_windows.clip_windows(draft, run.material.validation, run.cache, store)
    fitted = calibrated(draft.manifest, int8(draft, windows, store), windows)
    if draft.manifest.adaptation is None:
        return fitted
    # As on a device that has adapted for a minute, with unknown speakers too; adaptation needs calibrated scores.
    unknown = [run.material.unseen[name] for name in VALIDATION_CORPORA if name in run.material.unseen]
    by_corpus = [[clip for clip in run.material.validation if clip.corpus == name] for name in run.recipe.corpora]
    warm = with_calibration(draft.manifest, fitted.temperatures, fitted.weights, fitted.default)
    adapted = feature_curves.adapted_windows(
        dataclasses.replace(draft, manifest=warm), [*by_corpus, *unknown], run.cache, store
    )
    settled = fitted
    if set(LABELS) <= {clip.label for clip in adapted.clips}:
        settled = calibrated(draft.manifest, int8(draft, adapted, store), adapted)
    # The shift of the scores is what the adaptation of the features removes.  Both together are worse in angry and sad
    # homes (LOG.md).
    return dataclasses.replace(settled, mean_log_scores={})


def tested(run: Run) -> Tested:
    """The prepared clips that ``run`` is tested on."""
    return Tested(evaluated_groups(run.material), run.material.validation, run.cache, run.path / "scores")


def run_metrics(run: Run, bundle: Bundle, scope: Scope) -> dict[str, Any]:
    """All metrics of ``bundle``, the calibrated models of ``run``."""
    clips = tested(run)
    metrics = measured(bundle, clips, scope)
    if run.recipe.heads is None:
        _add_float(run, bundle, clips, metrics)
    return with_material(metrics, run.material, clips, run.seed)


def _add_float(run: Run, bundle: Bundle, clips: Tested, metrics: dict[str, Any]) -> None:
    """The rows of the float networks."""
    from convert.train.stage import trained  # noqa: PLC0415 - a bundle is evaluated without TensorFlow

    networks = {task: trained(run, task) for task in run.recipe.cascade.tasks}
    for name, group in clips.groups.items():
        windows = clip_scores.clip_windows(group, run.cache)
        float_scores = {task: clip_scores.float_scores(model, windows.images) for task, model in networks.items()}
        metrics["rows"][name]["float"] = routing_metrics(bundle.manifest, float_scores, windows)


def with_material(metrics: dict[str, Any], material: Material, clips: Tested, seed: int) -> dict[str, Any]:
    """``metrics`` with those that need the recipe's clips: support vector machines, and which corpora are unseen."""
    rows = {name: {"never_trained": name in material.unseen, **row} for name, row in metrics["rows"].items()}
    return {**metrics, "rows": with_svm(rows, material, clips.cache, seed), "seed": seed}


def evaluated_groups(material: Material) -> dict[str, list[Clip]]:
    """By corpus the clips of test speakers, and all clips of unseen corpora."""
    return {name: clips for name, clips in (*material.test.items(), *material.unseen.items()) if clips}
