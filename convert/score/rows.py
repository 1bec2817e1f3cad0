"""Scores of one group of clips to its row in every table.

    raw scores by model, windows ──routings──► UAR, WAR, top-3, ECE of hard, soft, the first model alone
        ──► each model on its own task, by gender, what the margin costs, how confidence keeps its word

Nothing is chosen here; the margin is the config's, though the tracker's `enter` usually asks for more.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.score.calibration import routed
from convert.score.clip_scores import Heard
from convert.score.metrics import calibration_error, figures, reliability, top
from edged.features.logmel import Floats
from edged.models.bundle import Manifest
from edged.models.cascade import sharpened

MARGIN = 0.1  # tracker.margin as it is by default
_SEVERAL = 3  # answers that count as one where the table says top-3


def judged(manifest: Manifest, raw: Mapping[str, Floats], windows: Heard) -> dict[str, Any]:
    """Everything that is told of a group of clips."""
    default = manifest.routes.default
    answers = ways(manifest, raw, windows)
    truth = windows.place_of(manifest.labels)
    speakers = [clip.speaker for clip in windows.clips]
    tasks = {}
    for name, model in manifest.models.items():
        own = windows.place_of(model.labels)
        if (own >= 0).any():
            tasks[name] = figures(model.labels, own, windows.by_clip(raw[name]).argmax(axis=1), speakers).as_json()
    return {
        "default": default,
        **routings(manifest, raw, windows),
        "tasks": tasks,
        "gender": _by_gender(manifest, answers, windows),
        "uncertain": _uncertain(truth, answers[default]),
        "reliability": [
            [round(confidence, 4), round(right, 4), count]
            for confidence, right, count in reliability(truth, answers[default])
        ],
    }


def routings(manifest: Manifest, raw: Mapping[str, Floats], windows: Heard) -> dict[str, Any]:
    """Figures of hard and soft routing and of the first model alone."""
    truth = windows.place_of(manifest.labels)
    return {way: told(manifest.labels, truth, found, windows) for way, found in ways(manifest, raw, windows).items()}


def told(labels: tuple[str, ...], truth: NDArray[np.int64], answers: Floats, windows: Heard) -> dict[str, Any]:
    """Figures of ``answers`` (n_clips, n_labels), with top-3 and ECE."""
    speakers = [clip.speaker for clip in windows.clips]
    return {
        **figures(labels, truth, answers.argmax(axis=1), speakers).as_json(),
        "top3": round(top(truth, answers, _SEVERAL), 4),
        "ece": round(calibration_error(truth, answers), 4),
    }


def ways(manifest: Manifest, raw: Mapping[str, Floats], windows: Heard) -> dict[str, Floats]:
    """(n_clips, n_labels) answers by routing, and ``first``: of the first model alone."""
    first = manifest.routes.hard.model
    model = manifest.models[first]
    # The first model's labels are the bundle's, perhaps in another order.
    columns = [model.labels.index(label) for label in manifest.labels]
    return {
        "hard": windows.by_clip(routed(manifest, raw, "hard")),
        "soft": windows.by_clip(routed(manifest, raw, "soft")),
        "first": windows.by_clip(sharpened(raw[first], model.temperature)[:, columns]),
    }


def _by_gender(manifest: Manifest, answers: Mapping[str, Floats], windows: Heard) -> dict[str, Any]:
    """By gender that the corpus tells: figures of the default routing and of the first model alone."""
    truth = windows.place_of(manifest.labels)
    speakers = np.array([clip.speaker for clip in windows.clips])
    genders = np.array([clip.gender for clip in windows.clips])
    found: dict[str, Any] = {}
    for gender in sorted({str(name) for name in genders if name}):
        own = genders == gender
        rows = {
            way: figures(manifest.labels, truth[own], answers[way][own].argmax(axis=1), list(speakers[own])).as_json()
            for way in (manifest.routes.default, "first")
        }
        found[gender] = {"speakers": len(set(speakers[own].tolist())), "clips": int(own.sum()), **rows}
    return found


def _uncertain(truth: NDArray[np.int64], answers: Floats) -> dict[str, float]:
    """The share of clips whose lead is below the margin, and the share of right answers among them and the others."""
    known = truth >= 0
    ordered = np.sort(answers[known], axis=1)
    unsure = ordered[:, -1] - ordered[:, -2] < MARGIN
    right = answers[known].argmax(axis=1) == truth[known]
    shares = {"margin": MARGIN, "share": round(float(unsure.mean()), 4)}
    for name, own in (("right_uncertain", unsure), ("right_else", ~unsure)):
        if own.any():
            shares[name] = round(float(right[own].mean()), 4)
    return shares
