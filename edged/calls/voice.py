"""Scores of a whole call to scores without this voice's and this line's constant shift: the two passes.

    first pass: scores (n, n_labels) of all windows ──Adaptation.learn──► shift
    second pass: the same windows ──Adaptation.corrected──► scores (n, n_labels)

The customer is a stranger to the models, and the whole call is at hand: unlike the device, which corrects a window by
what it has learned before it, a call's first window is corrected by all of it.
"""

from typing import NamedTuple

import numpy as np

from edged.config.structs import Config
from edged.contract.call_report import Learned
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.models.adaptation import Adaptation, Settings
from edged.models.bundle import Bundle

_NO_FORGETTING_MIN = 10_080.0  # a call is one conversation


class Adapted(NamedTuple):
    """Scores of the second pass, and what the first one learned."""

    scores: Floats  # (n, n_labels)
    learned: Learned


def adapted(bundle: Bundle, config: Config, scores: Floats, stride_s: float) -> Adapted:
    """The ``scores`` (n, n_labels) of windows ``stride_s`` apart, corrected by what they together say of the voice."""
    routing = bundle.manifest.routes.default if config.models.routing == "auto" else config.models.routing
    others = bundle.manifest.mean_log_scores.get(routing)
    if config.baseline.mode == "off" or others is None or not len(scores):
        return Adapted(scores, Learned(method="none", speech_s=0.0, shift={}))
    settings = Settings(
        mode="on", expected=config.baseline.expected, half_life_min=_NO_FORGETTING_MIN, bound=config.baseline.bound
    )
    adaptation = Adaptation(bundle.manifest.labels, others, settings)
    new_s = min(stride_s, GEOMETRY.window_s)
    for row in scores:
        adaptation.learn(row, new_s)
    learned = Learned(method="scores", speech_s=round(adaptation.speech_s, 1), shift=adaptation.shift_by_label)
    return Adapted(np.asarray(adaptation.corrected(scores), np.float32), learned)
