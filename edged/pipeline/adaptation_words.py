"""How far a device has adapted, in words.

AdaptationMetrics of health ──► "12 min of speech listened to since 2026-11-26, calibrated with 6 s of speech; …"
nats by label ──► "sad was 2.2 times too likely here"
"""

import math
from collections.abc import Mapping

from edged.contract.health import AdaptationMetrics, FeatureMetrics

_WORTH_NAMING = 0.15  # nats: a smaller change of a score is not named
_MAX_NAMED = 3
_MINUTES_FROM_S = 120.0


def adaptation_words(metrics: AdaptationMetrics) -> str:
    """How much was learned, how far this place is from the training speakers, and the effect on the labels."""
    features = metrics.features
    learned, effect = _learned(metrics.heard_s, features), (features.effect if features else metrics.shift)
    if not learned:
        hint = "; `edged calibrate` takes half a minute" if features else ""
        return f"nothing learned yet{hint}"
    parts = [learned]
    if features:
        parts.append(
            f"this place differs from the training speakers {features.distance:.1f} times as much as one of them does"
        )
    if effect:
        parts.append(changes(effect))
    if metrics.frozen:
        parts.append("learning is stopped (baseline.mode: frozen)")
    return "; ".join(parts)


def changes(nats: Mapping[str, float]) -> str:
    """Which labels came too often here and which too rarely, the greatest change first.

    ``nats`` has by label how much the log of its score is lowered.
    """
    ranked = sorted(nats.items(), key=lambda item: -abs(item[1]))
    named = [(label, change) for label, change in ranked if abs(change) >= _WORTH_NAMING][:_MAX_NAMED]
    if not named:
        return "the scores hardly change"
    return ", ".join(
        f"{label} was {math.exp(abs(change)):.1f} times too {'likely' if change > 0 else 'unlikely'} here"
        for label, change in named
    )


def _learned(heard_s: float, features: FeatureMetrics | None) -> str:
    if features is None:
        return f"{_duration(heard_s)} of speech listened to" if heard_s else ""
    parts = []
    if features.speech_s:
        since = f" since {features.since[:10]}" if features.since else ""
        parts.append(f"{_duration(features.speech_s)} of speech listened to{since}")
    if features.calibration_s:
        when = f" on {features.calibrated[:10]}" if features.calibrated else ""
        parts.append(f"calibrated with {_duration(features.calibration_s)} of speech{when}")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= _MINUTES_FROM_S else f"{seconds:.0f} s"
