"""One training of a user's bundle, as a task: a fold, tested on other speakers, or the bundle that is shipped.

    Plan, fold ──train, routes──► Parts ──calibrated on validation speakers──► scores of test speakers, as plain values
    Plan ──the same, trained on all but the first block──► Parts and their calibration, as plain values

Every fold repeats every choice (epoch, routes, temperatures, weights, routing) without its test speakers.
"""

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.splits import Split
from convert.own import heads
from convert.own.measured import degrees
from convert.own.parts import Parts, draft
from convert.own.plan import Plan
from convert.score import clip_scores
from convert.score.calibration import Calibration, calibrated, with_calibration
from convert.score.clip_scores import ClipWindows
from convert.score.rows import by_way
from convert.score.runtimes import int8
from edged.models.bundle import Bundle, Manifest


def scored_fold(plan: Plan, fold: int) -> dict[str, Any]:
    """Scores of the clips of fold ``fold``, which nothing was trained on or chosen by."""
    began_s = time.monotonic()
    parts, windows = _trained(plan, fold)
    made = draft(parts, plan.corpus.name, plan.recipe.heads, plan.size)
    fitted = _fitted(plan, made, windows["validation"])
    manifest = calibrated_manifest(made.manifest, fitted)
    test = windows["test"]
    scores = by_way(manifest, int8(made, test, plan.work / "scores"), test)
    scores["chosen"] = scores[fitted.default]
    return {
        "clips": [clip.id for clip in test.clips],
        "scores": {way: [[round(float(x), 5) for x in row] for row in of_way] for way, of_way in scores.items()},
        "degrees": {
            name: [round(float(x), 5) for x in values]
            for name, values in degrees(made, test, plan.work / "scores").items()
        },
        "default": fitted.default,
        "models": {name: list(model.labels) for name, model in manifest.models.items()},
        "seconds": round(time.monotonic() - began_s, 1),
    }


def whole(plan: Plan) -> dict[str, Any]:
    """The bundle that is shipped: its models, and what was decided on validation speakers."""
    began_s = time.monotonic()
    parts, windows = _trained(plan, None)
    made = draft(parts, plan.corpus.name, plan.recipe.heads, plan.size)
    fitted = _fitted(plan, made, windows["validation"])
    seconds = round(time.monotonic() - began_s, 1)
    return {"parts": parts.as_values(), "calibration": dataclasses.asdict(fitted), "seconds": seconds}


def calibrated_manifest(manifest: Manifest, fitted: Calibration) -> Manifest:
    """``manifest`` with the choices in ``fitted``."""
    return with_calibration(manifest, fitted.temperatures, fitted.weights, fitted.default, fitted.mean_log_scores)


def _trained(plan: Plan, fold: int | None) -> tuple[Parts, dict[Split, ClipWindows]]:
    sides, spec = plan.corpus.split(fold), plan.recipe.heads
    others: tuple[Split, ...] = ("validation", "test") if fold is not None else ("validation",)
    if spec is not None:
        groups = heads.features(plan, spec)
        made = heads.parts(plan, spec, groups, sides)
        return made, {side: heads.windows(groups, sides[side]) for side in others}
    if plan.model is not None:
        from convert.own import one_model  # noqa: PLC0415 - TensorFlow takes seconds

        made = one_model.parts(plan, plan.model, sides)
    else:
        from convert.own import networks  # noqa: PLC0415 - as above

        made = networks.parts(plan, sides, fold)
    return made, {side: _images(plan, sides[side]) for side in others}


def _images(plan: Plan, clips: Sequence[Clip]) -> ClipWindows:
    cache = plan.work / "cache"
    dataset.prepare(clips, cache)
    return clip_scores.clip_windows(clips, cache)


def _fitted(plan: Plan, made: Bundle, validation: ClipWindows) -> Calibration:
    fitted = calibrated(made.manifest, int8(made, validation, plan.work / "scores"), validation)
    # Where features are adapted, the shift of the scores is removed with theirs.
    return dataclasses.replace(fitted, mean_log_scores={}) if made.manifest.adaptation else fitted
