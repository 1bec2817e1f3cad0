"""Answers to rows: UAR of each method, and its distance from the voice alone, with intervals over speakers.

    Trials, Methods ──► by method UAR, its 95 % interval, points gained or lost against the voice and their interval

The same speakers are drawn for both in the interval of a difference.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import LABELS
from convert.evaluate.fusion import early, methods
from convert.evaluate.fusion.methods import Answers
from convert.evaluate.fusion.trials import Trials
from convert.score.metrics import clip_metrics, confusion, recall
from edged.config.hub.presets import RELIABILITY

_N_DRAWS = 2000
_ALL = (*LABELS, "no evidence")
VOICE = "voice"
DEFAULT_POOL = f"pool at {RELIABILITY['text']:g}, the hub's default"


def answers(trials: Trials, reliability: Mapping[str, float], networks: Mapping[str, Any]) -> dict[str, Answers]:
    """By method (n,): the voice, then for each text model its own, ``rule``, ``pool`` and early fusion.

    ``pool`` is there twice: with the reliability chosen for the model, and with the hub's default.
    """
    by_method = {VOICE: methods.voice_answers(trials)}
    for model, weight in reliability.items():
        by_method[f"{model} text"] = methods.text_answers(trials, model)
        by_method[f"{model} text, rule"] = methods.rule_answers(trials, model)
        by_method[f"{model} text, pool"] = methods.pool_answers(trials, model, weight)
        by_method[f"{model} text, {DEFAULT_POOL}"] = methods.pool_answers(trials, model, RELIABILITY["text"])
        by_method[f"{model} text, early"] = early.early_answers(networks[model], trials, model)
    return by_method


def rows(trials: Trials, by_method: Mapping[str, Answers]) -> dict[str, Any]:
    """By method: UAR against the clips' labels, and against the voice's."""
    results = {}
    for name, chosen in by_method.items():
        metrics = clip_metrics(_ALL, trials.truth, _shown(chosen), trials.speakers)
        results[name] = {
            "uar": round(metrics.uar, 4),
            "uar_95": [round(metrics.low, 4), round(metrics.high, 4)],
            "gain": gain(trials, chosen, by_method[VOICE]),
        }
    return results


def sides(trials: Trials, by_method: Mapping[str, Answers]) -> dict[str, Any]:
    """By method: share of the answers that are the clip's label, the sentence's label, and neither."""
    results = {}
    for name, chosen in by_method.items():
        as_clip, as_said = float((chosen == trials.truth).mean()), float((chosen == trials.said).mean())
        shares = {"clip": as_clip, "sentence": as_said, "neither": 1 - as_clip - as_said}
        results[name] = {side: round(share, 4) for side, share in shares.items()}
    return results


def gain(trials: Trials, chosen: Answers, voice: Answers) -> list[float]:
    """Difference of UAR, and its 95 % interval."""
    names = np.array(trials.speakers)
    matrices = np.array(
        [
            [confusion(trials.truth[names == name], _shown(one)[names == name], len(_ALL)) for one in (chosen, voice)]
            for name in np.unique(names)
        ]
    )
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(len(matrices), np.full(len(matrices), 1 / len(matrices)), _N_DRAWS)
    uars = np.nanmean(recall(np.tensordot(drawn, matrices, axes=1)), axis=-1)
    whole = np.nanmean(recall(matrices.sum(axis=0)), axis=-1)
    low, high = np.percentile(uars[:, 0] - uars[:, 1], [2.5, 97.5])
    return [round(float(value), 4) for value in (whole[0] - whole[1], low, high)]


def _shown(chosen: Answers) -> NDArray[np.int64]:
    return np.where(chosen < 0, len(LABELS), chosen)
