"""The adaptation in words, for ``edged check`` and for answers to ``calibrate``."""

import math

import pytest

from edged.contract.health import AdaptationMetrics, FeatureMetrics
from edged.pipeline.adaptation_words import adaptation_words, changes

DATE = "2026-11-26T20:00:00.000Z"
STOPPED = "learning is stopped (baseline.mode: frozen)"
DIFFERS = "this place differs from the training speakers {} times as much as one of them does"


def metrics(heard_s: float = 0, *, frozen: bool = False, **features: object) -> AdaptationMetrics:
    """Those of a bundle that adapts features."""
    known = FeatureMetrics(**{"speech_s": heard_s, "calibration_s": 0, "distance": 0, "effect": {}, **features})  # type: ignore[arg-type]
    return AdaptationMetrics(heard_s=heard_s, shift={}, frozen=frozen, features=known)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (metrics(), "nothing learned yet; `edged calibrate` takes half a minute"),
        (AdaptationMetrics(heard_s=0, shift={}, frozen=False), "nothing learned yet"),
        (
            AdaptationMetrics(heard_s=90, shift={"sad": 0.7}, frozen=True),
            f"90 s of speech listened to; sad was 2.0 times too likely here; {STOPPED}",
        ),
        (
            metrics(734.0, since=DATE, distance=1.94, effect={"sad": 0.1}),
            f"12 min of speech listened to since 2026-11-26; {DIFFERS.format(1.9)}; the scores hardly change",
        ),
        (
            metrics(calibration_s=6.2, calibrated=DATE, distance=1),
            f"calibrated with 6 s of speech on 2026-11-26; {DIFFERS.format(1.0)}",
        ),
        (
            metrics(5.0, calibration_s=6.2),
            f"5 s of speech listened to, calibrated with 6 s of speech; {DIFFERS.format(0.0)}",
        ),
    ],
)
def test_how_far(known: AdaptationMetrics, words: str) -> None:
    """How much, since when, how far, and what it does; dates of a wrong clock are left out."""
    assert adaptation_words(known) == words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sad": math.log(2.2), "calm": 0.01}, "sad was 2.2 times too likely here"),
        ({"sad": -0.5, "calm": 1.0}, "calm was 2.7 times too likely here, sad was 1.6 times too unlikely here"),
        ({"sad": 0.1, "calm": -0.1}, "the scores hardly change"),
        (dict.fromkeys("abcd", 1.0), ", ".join(f"{label} was 2.7 times too likely here" for label in "abc")),
    ],
)
def test_changes(change: dict[str, float], words: str) -> None:
    """At most three labels, the greatest change first, and none that nobody would notice."""
    assert changes(change) == words
