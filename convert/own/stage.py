"""A user's index to a bundle in memory, with the metrics of its folds.

Plan ──features or log-mel, once──► tasks: every fold, and the whole ──► Bundle, calibrated, with metrics
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.own_sound import check_sound
from convert.own import heads
from convert.own.fold import calibrated_manifest, scored_fold, whole
from convert.own.measured import agreement, window_ms
from convert.own.parts import draft, from_values
from convert.own.plan import Plan
from convert.recipes.spec import described
from convert.score.calibration import Calibration
from convert.score.clip_scores import ClipWindows
from convert.score.metrics import confusion, uar
from convert.score.rows import scored_row
from convert.score.runtimes import runtime_differences
from convert.tasks.job import Job, Workers
from convert.tasks.running import run_all
from edged.models.bundle import Bundle

WHOLE = "whole"


def made(plan: Plan, workers: Workers) -> Bundle:
    """The bundle without its origin; finished folds are not repeated.

    Raises:
        UsageError: the recordings are too few, see ``read_own``, or one holds no sound; or a worker died several
            times.
        RecordingError: a recording cannot be read.
    """
    corpus = plan.corpus
    dataset.prepare(corpus.clips, plan.work / "cache")
    check_sound(plan.index, corpus.clips, plan.work / "cache")
    if plan.recipe.heads is not None:
        heads.features(plan, plan.recipe.heads)  # before the workers, which would all compute the same
    jobs = [Job(f"fold{fold}", scored_fold, (plan, fold)) for fold in range(corpus.n_folds)]
    results = run_all([*jobs, Job(WHOLE, whole, (plan,))], folder(plan), workers, corpus.name)
    ended = results.pop(WHOLE)
    fitted = _calibration(ended["calibration"])
    bundle = draft(from_values(ended["parts"]), corpus.name, plan.recipe.heads, plan.size)
    bundle = dataclasses.replace(bundle, manifest=calibrated_manifest(bundle.manifest, fitted))
    metrics = _metrics(plan, bundle, results) | {"validation_uar": fitted.validation_uar}
    training = {"epochs": from_values(ended["parts"]).epochs, "seconds": ended["seconds"]}
    return dataclasses.replace(
        bundle, manifest=msgspec.structs.replace(bundle.manifest, metrics=metrics, training=training)
    )


def folder(plan: Plan) -> Path:
    """Where the results of this plan are kept; other recordings, labels or settings have another."""
    decided = {
        "recipe": described(plan.recipe),
        "model": plan.model,
        "seed": plan.seed,
        "routes": plan.cascade and {"tasks": plan.cascade.tasks, "hard": msgspec.to_builtins(plan.cascade.hard)},
        "clips": plan.corpus.digest,
        "noises": dataset.clips_hash(plan.noises),
    }
    digest = hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:10]
    return plan.work / "own" / f"{plan.corpus.name}-{plan.recipe.name.removeprefix('own-')}-seed{plan.seed}-{digest}"


def _metrics(plan: Plan, bundle: Bundle, folds: Mapping[str, Any]) -> dict[str, Any]:
    """Over the clips of all folds, each scored by models that never saw its speaker."""
    by_id = {clip.id: clip for clip in plan.corpus.clips}
    clips = [by_id[name] for fold in folds.values() for name in fold["clips"]]
    ways = next(iter(folds.values()))["scores"]
    scores = {
        way: np.concatenate([np.array(fold["scores"][way], np.float32) for fold in folds.values()]) for way in ways
    }
    of_clips = ClipWindows(clips, np.zeros(0), np.arange(len(clips)))
    labels = plan.corpus.labels
    rows = {plan.corpus.name: scored_row(labels, "chosen", scores, of_clips)}
    few = _some_windows(plan)
    return {
        "rows": rows,
        "folds": [_fold_row(labels, fold, by_id) for fold in folds.values()],
        "dimensions": _dimensions(clips, folds),
        "runtimes": runtime_differences(bundle, few, plan.work / "scores"),
        "window_ms": window_ms(bundle, few),
        "seed": plan.seed,
    }


def _dimensions(clips: Sequence[Clip], folds: Mapping[str, Any]) -> dict[str, Any]:
    """Over the clips of all folds; only dimensions for which every fold's training side has values."""
    everywhere = set.intersection(*(set(fold["degrees"]) for fold in folds.values()))
    found = {
        name: np.concatenate([np.array(fold["degrees"][name], np.float32) for fold in folds.values()])
        for name in sorted(everywhere)
    }
    return agreement(clips, found)


def _some_windows(plan: Plan) -> ClipWindows:
    clips = plan.corpus.split(None)["validation"]
    if plan.recipe.heads is not None:
        return heads.windows(heads.features(plan, plan.recipe.heads), clips)
    from convert.score import clip_scores  # noqa: PLC0415 - for networks only

    return clip_scores.clip_windows(clips, plan.work / "cache")


def _fold_row(labels: tuple[str, ...], fold: Mapping[str, Any], by_id: Mapping[str, Any]) -> dict[str, Any]:
    clips = [by_id[name] for name in fold["clips"]]
    truth = np.array([labels.index(str(clip.label)) for clip in clips], np.int64)
    predictions = np.array(fold["scores"]["chosen"]).argmax(axis=1)
    return {
        "speakers": sorted({clip.speaker for clip in clips}),
        "clips": len(clips),
        "uar": round(uar(confusion(truth, predictions, len(labels))), 4),
        "default": fold["default"],
        "models": fold["models"],
        "seconds": fold["seconds"],
    }


def _calibration(values: dict[str, Any]) -> Calibration:
    tables = {
        way: {label: tuple(means) for label, means in table.items()} for way, table in values["mean_log_scores"].items()
    }
    return Calibration(**{**values, "mean_log_scores": tables})
