"""Confidence that means what it says, and the weights of soft routing: fitted on validation speakers alone.

    scores of each model (n_windows, n) ──least NLL──► temperature
    centred evidence of all models (n_windows, 5, 6) ──least NLL, weights >= 0──► weight of each model
    both routings on the validation speakers ──greater UAR──► the default
    log scores of each routing (n_windows, 6) ──mean by speaker and true label──► moods

For that comparison the weights are fitted with each speaker's clips left out in turn: otherwise soft routing would be
judged on what it was fitted to.  Windows of one clip share its weight.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from convert.recipes.cascade import FIRST, LABELS, TASKS
from convert.score.clip_scores import Heard
from convert.score.metrics import confusion, uar
from edged.features.logmel import Floats
from edged.models.adaptation import log_scores
from edged.models.bundle import Manifest, Routes, Routing
from edged.models.cascade import centred, hard_answer, sharpened, soft_answer

_COLDEST, _HOTTEST = 0.05, 10.0  # 1/5 would be a network's own scores, see networks.scoring
_MOST_WEIGHT = 10.0
_RIDGE, _USUAL_FIRST, _USUAL = 0.02, 1.0, 0.3  # pulls the weights, of models that resemble each other, to usual ones

Moods = dict[Routing, dict[str, tuple[float, ...]]]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What validation speakers decided."""

    temperatures: dict[str, float]
    weights: dict[str, float]
    default: Routing
    validation_uar: dict[str, float]  # by routing, and of the first model alone
    moods: Moods  # what the device's baseline compares a place with


def calibrated(draft: Manifest, raw: Mapping[str, Floats], windows: Heard) -> Calibration:
    """Fits ``draft`` (its temperatures 1) to the validation speakers' ``raw`` scores by model."""
    temperatures = {name: temperature(raw[name], windows, TASKS[name]) for name in TASKS}
    warm = with_calibration(draft, temperatures, dict.fromkeys(TASKS, 1.0), "hard")
    tempered = {name: sharpened(raw[name], temperatures[name]) for name in TASKS}
    truth = windows.place_of(LABELS)
    weights = soft_weights(warm, tempered, truth[windows.owner], _shares(windows))
    speakers = np.array([clip.speaker for clip in windows.clips])
    answers = np.zeros(len(truth), np.int64)
    for name in np.unique(speakers):
        others = speakers[windows.owner] != name
        used = weights
        if others.any():
            kept = {task: scores[others] for task, scores in tempered.items()}
            used = soft_weights(warm, kept, truth[windows.owner][others], _shares(windows)[others])
        held_out = with_calibration(draft, temperatures, used, "soft")
        found = windows.by_clip(routed(held_out, raw, "soft")).argmax(axis=1)
        answers[speakers == name] = found[speakers == name]
    figures = {
        "hard": uar(confusion(truth, windows.by_clip(routed(warm, raw, "hard")).argmax(axis=1), len(LABELS))),
        "soft": uar(confusion(truth, answers, len(LABELS))),
        "m1": uar(confusion(truth, windows.by_clip(tempered["m1"]).argmax(axis=1), len(LABELS))),
    }
    default: Routing = "soft" if figures["soft"] >= figures["hard"] else "hard"
    final = with_calibration(draft, temperatures, weights, default)
    routings: tuple[Routing, ...] = ("hard", "soft")
    moods = {way: mean_moods(final, routed(final, raw, way), windows) for way in routings}
    return Calibration(temperatures, weights, default, figures, {way: table for way, table in moods.items() if table})


def mean_moods(
    manifest: Manifest, answers: Floats, windows: Heard, without: str | None = None
) -> dict[str, tuple[float, ...]]:
    """By true label the mean log scores of ``answers`` (n_windows, n_labels): of clips by speaker, then of speakers.

    ``without`` is a speaker who is left out.  Empty where no speaker has one of the labels: half a table is none.
    """
    logs = windows.by_clip(np.asarray(log_scores(answers), np.float32))
    truth = windows.place_of(manifest.labels)
    speakers = np.array([clip.speaker for clip in windows.clips])
    table = {}
    for place, label in enumerate(manifest.labels):
        means = [
            logs[chosen].mean(axis=0)
            for name in np.unique(speakers)
            if name != without and (chosen := (speakers == name) & (truth == place)).any()
        ]
        if not means:
            return {}
        table[label] = tuple(round(float(value), 4) for value in np.mean(means, axis=0))
    return table


def temperature(scores: Floats, windows: Heard, labels: Sequence[str]) -> float:
    """The temperature that makes ``scores`` (n_windows, n) least surprised by the clips that have one of ``labels``."""
    truth = windows.place_of(labels)[windows.owner]
    known = truth >= 0
    share = _shares(windows)[known]

    def surprise(log_temperature: float) -> float:
        sharp = sharpened(scores[known], float(np.exp(log_temperature)))
        return _nll(np.log(sharp), truth[known], share)

    found = minimize_scalar(surprise, bounds=(np.log(_COLDEST), np.log(_HOTTEST)), method="bounded")
    return round(float(np.exp(found.x)), 4)


def soft_weights(
    manifest: Manifest, tempered: Mapping[str, Floats], truth: NDArray[np.int64], share: NDArray[np.float64]
) -> dict[str, float]:
    """The weight of each model's evidence, 0 to 10, at least one above 0."""
    evidence = np.stack([centred(manifest, name, tempered[name]) for name in TASKS], axis=1).astype(np.float64)

    def surprise(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = np.einsum("m,nml->nl", weights, evidence)
        logs = logits - logits.max(axis=1, keepdims=True)
        logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
        slope = np.exp(logs)
        slope[np.arange(len(truth)), truth] -= 1
        gradient = np.einsum("n,nl,nml->m", share / share.sum(), slope, evidence)
        away = weights - usual
        return _nll(logs, truth, share) + _RIDGE * float(away @ away), gradient + 2 * _RIDGE * away

    usual = np.array([_USUAL_FIRST if name == FIRST else _USUAL for name in TASKS])
    found = minimize(surprise, usual, jac=True, method="L-BFGS-B", bounds=[(0, _MOST_WEIGHT)] * len(TASKS))
    weights = {name: round(float(weight), 4) for name, weight in zip(TASKS, found.x, strict=True)}
    return weights if any(weights.values()) else dict.fromkeys(TASKS, 1.0)


def with_calibration(
    manifest: Manifest,
    temperatures: Mapping[str, float],
    weights: Mapping[str, float],
    default: Routing,
    moods: Moods | None = None,
) -> Manifest:
    """``manifest`` with these temperatures, soft weights, default routing and moods."""
    models = {
        name: msgspec.structs.replace(model, temperature=temperatures[name]) for name, model in manifest.models.items()
    }
    routes = Routes(default=default, hard=manifest.routes.hard, soft=dict(weights))
    return msgspec.structs.replace(manifest, models=models, routes=routes, mean_log_scores=moods or {})


def routed(manifest: Manifest, raw: Mapping[str, Floats], routing: Routing) -> Floats:
    """(n_windows, n_labels) what the cascade would answer, from each model's ``raw`` scores of the same windows."""
    tempered = {name: sharpened(raw[name], model.temperature) for name, model in manifest.models.items()}
    n_windows = len(next(iter(tempered.values())))
    answers = np.empty((n_windows, len(manifest.labels)), np.float32)
    for place in range(n_windows):
        row = {name: scores[place] for name, scores in tempered.items()}
        answer = soft_answer(manifest, row) if routing == "soft" else hard_answer(manifest, row.__getitem__)
        answers[place] = answer.scores
    return answers


def _shares(windows: Heard) -> NDArray[np.float64]:
    return 1 / np.bincount(windows.owner, minlength=len(windows.clips))[windows.owner]


def _nll(logs: NDArray[np.float64] | Floats, truth: NDArray[np.int64], share: NDArray[np.float64]) -> float:
    return float(-(logs[np.arange(len(truth)), truth] * share).sum() / share.sum())
