"""A run's quantized models: what its validation speakers decide, and its metrics.

    Bundle without calibration, validation speakers ──► Calibration
    Bundle, clips by corpus ──measure──► metrics, the same rows of the float networks and of support vector machines

Temperatures, weights and the default routing are fixed first, on validation speakers.  Nothing else is chosen.
"""

from typing import Any

from convert.corpora.clip import Clip
from convert.data.material import Material
from convert.evaluate.measure import Scope, Tested, measured
from convert.evaluate.svm import with_svm
from convert.recipes.cascade import TASKS
from convert.score import clip_scores
from convert.score.calibration import Calibration, calibrated
from convert.score.rows import routing_metrics
from convert.score.runtimes import int8
from convert.train.runs import Run
from edged.models.bundle import Bundle


def calibration(run: Run, draft: Bundle) -> Calibration:
    """What the validation speakers of ``run`` decide about ``draft``, whose temperatures are all 1."""
    windows = clip_scores.clip_windows(run.material.validation, run.cache)
    return calibrated(draft.manifest, int8(draft, windows, run.path / "scores"), windows)


def tested(run: Run) -> Tested:
    """The clips that ``run`` is tested on, prepared already."""
    return Tested(evaluated_groups(run.material), run.material.validation, run.cache, run.path / "scores")


def run_metrics(run: Run, bundle: Bundle, scope: Scope) -> dict[str, Any]:
    """All metrics of ``bundle``, the calibrated models of ``run``."""
    from convert.train.stage import trained  # noqa: PLC0415 - a bundle is evaluated without TensorFlow

    clips = tested(run)
    metrics = measured(bundle, clips, scope)
    networks = {task: trained(run, task) for task in TASKS}
    for name, group in clips.groups.items():
        windows = clip_scores.clip_windows(group, run.cache)
        float_scores = {task: clip_scores.float_scores(model, windows.images) for task, model in networks.items()}
        metrics["rows"][name]["float"] = routing_metrics(bundle.manifest, float_scores, windows)
    return with_material(metrics, run.material, clips, run.seed)


def with_material(metrics: dict[str, Any], material: Material, clips: Tested, seed: int) -> dict[str, Any]:
    """``metrics`` with what takes the recipe's clips: support vector machines, which corpora were never trained on."""
    rows = {name: {"never_trained": name in material.unseen, **row} for name, row in metrics["rows"].items()}
    return {**metrics, "rows": with_svm(rows, material, clips.cache, seed), "seed": seed}


def evaluated_groups(material: Material) -> dict[str, list[Clip]]:
    """By corpus the clips of test speakers, and all clips of unseen corpora."""
    return {name: clips for name, clips in (*material.test.items(), *material.unseen.items()) if clips}
