"""A whole call to scores without this voice's and this line's constant shift: the two passes.

    scores: first pass: (n, n_labels) of all windows ──Adaptation.learn──► shift ──► second pass: corrected
    trunk:  (n, n_features) of all windows ──PlaceAdaptation──► shift, frozen ──► the heads again, without the shift
    images: first pass over the sound ──PlaceAdaptation──► shift, frozen ──► second pass over the sound

The bundle's manifest says which of these there is, as on the device.  A trunk's features are small enough to stay in
memory, so the sound is read once; images are not, so with them the sound is read twice.  The models do not know the
customer, but the whole call is available: the device corrects a window by what it learned before, whereas here even the
first window is corrected by what the whole call taught.
"""

from typing import Literal, NamedTuple

import numpy as np

from edged.calls.sound.rows import Rows
from edged.config.structs import Config
from edged.contract.call_report import Learned
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.models.adaptation import Adaptation, Settings
from edged.models.bundle import Bundle
from edged.models.cascade import Cascade
from edged.models.place_adaptation import PlaceAdaptation
from edged.pipeline.adaptation_store import statistics_of

_OBSERVED_EVERY = 16  # one of this many windows measures the effect of the shift on the scores
_NO_FORGETTING_MIN = 10_080.0  # a call is one conversation


def feature_adaptation(bundle: Bundle, config: Config) -> PlaceAdaptation | None:
    """What learns this voice's features in the first pass; None if the bundle adapts none, or the config says off.

    Raises:
        ModelError: the bundle's file of feature statistics cannot be used.
    """
    statistics = None if config.baseline.mode == "off" else statistics_of(bundle)
    if statistics is None:
        return None
    return PlaceAdaptation(bundle.manifest.labels, _settings(config, "on"), statistics=statistics)


def freeze(adaptation: PlaceAdaptation, config: Config) -> None:
    """Ends the first pass: from now on the shift is that of the whole call."""
    adaptation.change(_settings(config, "frozen"))


def second_pass(cascade: Cascade, config: Config, seen: Rows, adaptation: PlaceAdaptation, stride_s: float) -> Floats:
    """(n, n_labels) scores of the trunk's features ``seen`` (n of them), without the shift learned from all of them.

    Both passes run here: in the first ``adaptation`` learns, as in ``WindowClassifier``, and is then frozen.
    """
    features = adaptation.features
    if features is None or not seen:
        return np.zeros((0, 0), np.float32)
    for index, one in enumerate(seen):
        corrected = cascade.answer(one, features.shift).scores
        if index % _OBSERVED_EVERY == 0:
            as_it_came = cascade.answer(one).scores
            published = features.published(corrected, as_it_came) if features.mixes else corrected
            features.observe(as_it_came, published, _OBSERVED_EVERY * stride_s)
        features.learn(cascade.features(one), corrected, stride_s)
    freeze(adaptation, config)
    scores = np.stack([cascade.answer(one, features.shift).scores for one in seen])
    if features.mixes:
        scores = features.published(scores, np.stack([cascade.answer(one).scores for one in seen]))
    return scores


class Adapted(NamedTuple):
    """Scores of the second pass, and what the first one learned."""

    scores: Floats  # (n, n_labels)
    learned: Learned


def adapted(
    bundle: Bundle, config: Config, scores: Floats, stride_s: float, features: PlaceAdaptation | None = None
) -> Adapted:
    """The ``scores`` (n, n_labels) of windows ``stride_s`` apart, without the shift learned from all of them.

    ``features`` is the adaptation that has already corrected the features.
    """
    routing = bundle.manifest.routes.default if config.models.routing == "auto" else config.models.routing
    others = bundle.manifest.mean_log_scores.get(routing)
    if config.baseline.mode == "off" or others is None or not len(scores):
        if features is None:
            return Adapted(scores, Learned(method="none", speech_s=0.0, shift={}))
        effect = features.features.effect_by_label if features.features else {}
        return Adapted(scores, Learned(method="features", speech_s=round(features.speech_s, 1), shift=effect))
    adaptation = Adaptation(bundle.manifest.labels, others, _settings(config, "on"))
    new_s = min(stride_s, GEOMETRY.window_s)
    for row in scores:
        adaptation.learn(row, new_s)
    method: Literal["scores", "features"] = "scores" if features is None else "features"
    learned = Learned(method=method, speech_s=round(adaptation.speech_s, 1), shift=adaptation.shift_by_label)
    return Adapted(np.asarray(adaptation.corrected(scores), np.float32), learned)


def _settings(config: Config, mode: Literal["on", "frozen"]) -> Settings:
    baseline = config.baseline
    return Settings(mode=mode, expected=baseline.expected, half_life_min=_NO_FORGETTING_MIN, bound=baseline.bound)
