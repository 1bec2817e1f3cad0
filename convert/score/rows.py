"""Scores of one group of clips to its row in every table.

    raw scores by model, windows ──routings──► UAR, WAR, macro-F1, top-3, ECE of hard, soft, the first model alone
        ──► each model on its own task, by gender, cost of the margin, reliability of the confidence

Nothing is chosen here.  The margin is the config's default, though the tracker's `enter` usually asks for more.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.score.calibration import routed
from convert.score.clip_scores import ClipWindows
from convert.score.intervals import intervals
from convert.score.metrics import (
    calibration_error,
    clip_metrics,
    macro_f1,
    reliability,
    speaker_confusions,
    top,
    top_by_speaker,
)
from edged.features.logmel import Floats
from edged.models.bundle import Manifest
from edged.models.cascade import sharpened

MARGIN = 0.1  # tracker.margin as it is by default
_TOP = 3  # scores among which the true label counts, where the table says top-3


def clip_row(manifest: Manifest, raw: Mapping[str, Floats], windows: ClipWindows) -> dict[str, Any]:
    """All metrics of a group of clips."""
    speakers = [clip.speaker for clip in windows.clips]
    tasks = {}
    for name, model in manifest.models.items():
        of_task = windows.label_indices(model.labels)
        if (of_task >= 0).any():
            predictions = windows.by_clip(raw[name]).argmax(axis=1)
            tasks[name] = clip_metrics(model.labels, of_task, predictions, speakers).as_json()
    scores = by_way(manifest, raw, windows)
    return {**scored_row(manifest.labels, manifest.routes.default, scores, windows), "tasks": tasks}


def scored_row(
    labels: tuple[str, ...], default: str, scores: Mapping[str, Floats], windows: ClipWindows
) -> dict[str, Any]:
    """The metrics of ``scores`` (n_clips, n_labels) by way, among them ``default`` and ``first``."""
    truth = windows.label_indices(labels)
    return {
        "default": default,
        **{way: score_metrics(labels, of_way, windows) for way, of_way in scores.items()},
        "tasks": {},
        "gender": _by_gender(labels, default, scores, windows),
        "uncertain": _uncertain(truth, scores[default]),
        "reliability": [
            [round(confidence, 4), round(right, 4), count]
            for confidence, right, count in reliability(truth, scores[default])
        ],
    }


def routing_metrics(manifest: Manifest, raw: Mapping[str, Floats], windows: ClipWindows) -> dict[str, Any]:
    """Metrics of hard and soft routing and of the first model alone."""
    scores = by_way(manifest, raw, windows)
    return {way: score_metrics(manifest.labels, of_way, windows) for way, of_way in scores.items()}


def score_metrics(labels: tuple[str, ...], scores: Floats, windows: ClipWindows) -> dict[str, Any]:
    """Metrics of ``scores`` (n_clips, n_labels), with macro-F1, top-3 and ECE, and the intervals of all but ECE."""
    truth, predictions = windows.label_indices(labels), scores.argmax(axis=1)
    speakers = [clip.speaker for clip in windows.clips]
    metrics = clip_metrics(labels, truth, predictions, speakers)
    by_speaker = speaker_confusions(len(labels), truth, predictions, speakers)
    bounds: dict[str, Any] = {**intervals(by_speaker[None], top_by_speaker(truth, scores, _TOP, speakers))}
    return {
        **metrics.as_json(),
        "macro_f1": round(float(macro_f1(metrics.matrix)), 4),
        "top3": round(top(truth, scores, _TOP), 4),
        "ece": round(calibration_error(truth, scores), 4),
        **{name: bound and [round(end, 4) for end in bound] for name, bound in bounds.items()},
    }


def by_way(manifest: Manifest, raw: Mapping[str, Floats], windows: ClipWindows) -> dict[str, Floats]:
    """(n_clips, n_labels) scores by routing, and ``first``: of the first model alone."""
    first = manifest.routes.hard.model
    model = manifest.models[first]
    # The first model's labels are the bundle's, perhaps in another order.
    columns = [model.labels.index(label) for label in manifest.labels]
    return {
        "hard": windows.by_clip(routed(manifest, raw, "hard")),
        "soft": windows.by_clip(routed(manifest, raw, "soft")),
        "first": windows.by_clip(sharpened(raw[first], model.temperature)[:, columns]),
    }


def _by_gender(
    labels: tuple[str, ...], default: str, scores: Mapping[str, Floats], windows: ClipWindows
) -> dict[str, Any]:
    """By gender, where the corpus gives it: metrics of the default routing and of the first model alone."""
    truth = windows.label_indices(labels)
    speakers = np.array([clip.speaker for clip in windows.clips])
    genders = np.array([clip.gender for clip in windows.clips])
    results: dict[str, Any] = {}
    for gender in sorted({str(name) for name in genders if name}):
        chosen = genders == gender
        rows = {}
        for way in (default, "first"):
            predictions = scores[way][chosen].argmax(axis=1)
            rows[way] = clip_metrics(labels, truth[chosen], predictions, list(speakers[chosen])).as_json()
        results[gender] = {"speakers": len(set(speakers[chosen].tolist())), "clips": int(chosen.sum()), **rows}
    return results


def _uncertain(truth: NDArray[np.int64], scores: Floats) -> dict[str, float]:
    """The share of clips whose lead is below the margin, and the accuracy on them and on the others."""
    known = truth >= 0
    ordered = np.sort(scores[known], axis=1)
    unsure = ordered[:, -1] - ordered[:, -2] < MARGIN
    right = scores[known].argmax(axis=1) == truth[known]
    shares = {"margin": MARGIN, "share": round(float(unsure.mean()), 4)}
    for name, chosen in (("right_uncertain", unsure), ("right_else", ~unsure)):
        if chosen.any():
            shares[name] = round(float(right[chosen].mean()), 4)
    return shares
