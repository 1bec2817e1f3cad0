"""Temperatures, the weights of soft routing and the default routing: fitted on validation speakers alone.

    scores of each model (n_windows, n) ──lowest NLL──► temperature
    centred evidence of all models (n_windows, 5, 6) ──lowest NLL, weights >= 0──► weight of each model
    both routings on the validation speakers ──higher UAR──► the default
    log scores of each routing (n_windows, 6) ──mean by speaker and true label──► table of mean log scores

To compare the routings, the weights are fitted with each speaker's clips left out in turn: otherwise soft routing would
be tested on the clips that it was fitted to.  Windows of one clip share its weight.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from convert.score.clip_scores import ClipWindows
from convert.score.metrics import confusion, uar
from edged.features.logmel import Floats
from edged.models.adaptation import log_scores
from edged.models.bundle import Manifest, Routes, Routing
from edged.models.cascade import centred, hard_answer, sharpened, soft_answer

_COLDEST, _HOTTEST = 0.05, 10.0  # 1/5 would be a network's own scores, see networks.scoring
_MAX_WEIGHT = 10.0
# The models resemble each other, so a ridge pulls their weights towards usual ones.
_RIDGE, _USUAL_FIRST, _USUAL = 0.02, 1.0, 0.3

MeanLogScores = dict[str, tuple[float, ...]]  # by true label the mean log score of each label


@dataclass(frozen=True, slots=True)
class Calibration:
    """The choices made on validation speakers."""

    temperatures: dict[str, float]
    weights: dict[str, float]
    default: Routing
    validation_uar: dict[str, float]  # by routing, and of the first model alone
    mean_log_scores: dict[Routing, MeanLogScores]  # the reference of the device's adaptation


def calibrated(draft: Manifest, raw: Mapping[str, Floats], windows: ClipWindows) -> Calibration:
    """Fits ``draft`` (its temperatures 1) to the validation speakers' ``raw`` scores by model."""
    labels, first = draft.labels, draft.routes.hard.model
    there = {clip.label for clip in windows.clips}
    # A model without validation clips of its labels gets the temperature of the first, which answers these labels too.
    fitted = {name: name if there & set(model.labels) else first for name, model in draft.models.items()}
    temperatures = {name: temperature(raw[of], windows, draft.models[of].labels) for name, of in fitted.items()}
    warm = with_calibration(draft, temperatures, dict.fromkeys(draft.models, 1.0), "hard")
    tempered = {name: sharpened(raw[name], temperatures[name]) for name in draft.models}
    truth = windows.label_indices(labels)
    weights = soft_weights(warm, tempered, truth[windows.owner], _shares(windows))
    speakers = np.array([clip.speaker for clip in windows.clips])
    predictions = np.zeros(len(truth), np.int64)
    for name in np.unique(speakers):
        others = speakers[windows.owner] != name
        used = weights
        if others.any():
            training = {task: scores[others] for task, scores in tempered.items()}
            used = soft_weights(warm, training, truth[windows.owner][others], _shares(windows)[others])
        held_out = with_calibration(draft, temperatures, used, "soft")
        of_all = windows.by_clip(routed(held_out, raw, "soft")).argmax(axis=1)
        predictions[speakers == name] = of_all[speakers == name]
    uars = {
        "hard": uar(confusion(truth, windows.by_clip(routed(warm, raw, "hard")).argmax(axis=1), len(labels))),
        "soft": uar(confusion(truth, predictions, len(labels))),
        "m1": uar(confusion(truth, windows.by_clip(tempered[first]).argmax(axis=1), len(labels))),
    }
    default: Routing = "soft" if uars["soft"] >= uars["hard"] else "hard"
    if uars["m1"] > max(uars["soft"], uars["hard"]):  # the other models do not help, so they are not run
        weights, default = {name: float(name == first) for name in draft.models}, "soft"
    final = with_calibration(draft, temperatures, weights, default)
    routings: tuple[Routing, ...] = ("hard", "soft")
    tables = {way: mean_log_scores(final, routed(final, raw, way), windows) for way in routings}
    return Calibration(temperatures, weights, default, uars, {way: table for way, table in tables.items() if table})


def mean_log_scores(
    manifest: Manifest, scores: Floats, windows: ClipWindows, without: str | None = None
) -> MeanLogScores:
    """By true label the mean log of ``scores`` (n_windows, n_labels): over clips by speaker, then over speakers.

    ``without`` is a speaker who is left out.  Empty if any label has no speaker: half a table is of no use.
    """
    logs = windows.by_clip(np.asarray(log_scores(scores), np.float32))
    truth = windows.label_indices(manifest.labels)
    speakers = np.array([clip.speaker for clip in windows.clips])
    table = {}
    for label_index, label in enumerate(manifest.labels):
        means = [
            logs[chosen].mean(axis=0)
            for name in np.unique(speakers)
            if name != without and (chosen := (speakers == name) & (truth == label_index)).any()
        ]
        if not means:
            return {}
        table[label] = tuple(round(float(value), 4) for value in np.mean(means, axis=0))
    return table


def temperature(scores: Floats, windows: ClipWindows, labels: Sequence[str]) -> float:
    """The temperature with the lowest NLL of ``scores`` (n_windows, n) on the clips that have one of ``labels``."""
    truth = windows.label_indices(labels)[windows.owner]
    known = truth >= 0
    share = _shares(windows)[known]
    if not known.any():
        raise ValueError(f"no clip of {', '.join(labels)}, expected some to fit a temperature to")

    def nll(log_temperature: float) -> float:
        sharp = sharpened(scores[known], float(np.exp(log_temperature)))
        return _nll(np.log(sharp), truth[known], share)

    best = minimize_scalar(nll, bounds=(np.log(_COLDEST), np.log(_HOTTEST)), method="bounded")
    return round(float(np.exp(best.x)), 4)


def soft_weights(
    manifest: Manifest, tempered: Mapping[str, Floats], truth: NDArray[np.int64], share: NDArray[np.float64]
) -> dict[str, float]:
    """The weight of each model's evidence, 0 to 10, at least one above 0."""
    by_model = [centred(manifest, name, tempered[name]) for name in manifest.models]
    evidence = np.stack(by_model, axis=1).astype(np.float64)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = np.einsum("m,nml->nl", weights, evidence)
        logs = logits - logits.max(axis=1, keepdims=True)
        logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
        slope = np.exp(logs)
        slope[np.arange(len(truth)), truth] -= 1
        gradient = np.einsum("n,nl,nml->m", share / share.sum(), slope, evidence)
        away = weights - usual
        return _nll(logs, truth, share) + _RIDGE * float(away @ away), gradient + 2 * _RIDGE * away

    first = manifest.routes.hard.model
    usual = np.array([_USUAL_FIRST if name == first else _USUAL for name in manifest.models])
    best = minimize(loss, usual, jac=True, method="L-BFGS-B", bounds=[(0, _MAX_WEIGHT)] * len(manifest.models))
    weights = {name: round(float(weight), 4) for name, weight in zip(manifest.models, best.x, strict=True)}
    return weights if any(weights.values()) else dict.fromkeys(manifest.models, 1.0)


def with_calibration(
    manifest: Manifest,
    temperatures: Mapping[str, float],
    weights: Mapping[str, float],
    default: Routing,
    tables: dict[Routing, MeanLogScores] | None = None,
) -> Manifest:
    """``manifest`` with these temperatures, soft weights, default routing and tables of mean log scores."""
    models = {
        name: msgspec.structs.replace(model, temperature=temperatures[name]) for name, model in manifest.models.items()
    }
    routes = Routes(default=default, hard=manifest.routes.hard, soft=dict(weights))
    return msgspec.structs.replace(manifest, models=models, routes=routes, mean_log_scores=tables or {})


def routed(manifest: Manifest, raw: Mapping[str, Floats], routing: Routing) -> Floats:
    """(n_windows, n_labels) scores of the cascade, from each model's ``raw`` scores of the same windows."""
    tempered = {name: sharpened(raw[name], model.temperature) for name, model in manifest.models.items()}
    n_windows = len(next(iter(tempered.values())))
    scores = np.empty((n_windows, len(manifest.labels)), np.float32)
    for window in range(n_windows):
        row = {name: of_model[window] for name, of_model in tempered.items()}
        answer = soft_answer(manifest, row) if routing == "soft" else hard_answer(manifest, row.__getitem__)
        scores[window] = answer.scores
    return scores


def _shares(windows: ClipWindows) -> NDArray[np.float64]:
    return 1 / np.bincount(windows.owner, minlength=len(windows.clips))[windows.owner]


def _nll(logs: NDArray[np.float64] | Floats, truth: NDArray[np.int64], share: NDArray[np.float64]) -> float:
    return float(-(logs[np.arange(len(truth)), truth] * share).sum() / share.sum())
