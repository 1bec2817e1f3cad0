"""A place with four emotions and twelve features, and an adaptation that listens or is calibrated there.

listen(adaptation(), place(), PRIOR, n) ──► n windows of the prior's emotions, shifted by the place
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from edged.features.logmel import Floats
from edged.models.feature_adaptation import FeatureAdaptation, Settings
from edged.models.feature_statistics import FeatureStatistics

LABELS = ("angry", "happy", "neutral", "sad")
N_FEATURES = 12
PRIOR = np.array([0.1, 0.1, 0.7, 0.1])
WINDOW_S = 0.5
CLEAR = np.full(4, 0.02) + 0.92 * np.eye(4)  # scores of a model that is nearly always right


def statistics(**changed: float) -> FeatureStatistics:
    """Four emotions, each with its own direction; their mean under the prior is the centre."""
    offsets = np.random.default_rng(1).normal(0, 1, (4, N_FEATURES))
    offsets -= PRIOR @ offsets
    values = {"caution_s": 2.0, "prior_weight_s": 20.0, "power": 0.7} | changed
    return FeatureStatistics(
        centre=np.linspace(-3, 3, N_FEATURES, dtype=np.float32),
        offsets=offsets.astype(np.float32),
        spread=np.full(N_FEATURES, 0.5, np.float32),
        **values,
    )


STATISTICS = statistics()


def adaptation(known: FeatureStatistics = STATISTICS, **settings: object) -> FeatureAdaptation:
    """An adaptation without history."""
    return FeatureAdaptation(LABELS, known, msgspec.convert({"half_life_min": 10_000} | settings, Settings))


def listen(
    known: FeatureAdaptation, shift: NDArray[np.float64], shares: NDArray[np.float64], count: int, seed: int = 0
) -> None:
    """Windows of emotions with these ``shares`` at a place with this ``shift``; the model knows the emotions."""
    draw = np.random.default_rng(seed)
    for label in draw.choice(4, count, p=shares):
        noise = draw.normal(0, 0.2, N_FEATURES)
        x = STATISTICS.centre + STATISTICS.offsets[label] + shift + noise
        known.learn(x.astype(np.float32), CLEAR[label].astype(np.float32), WINDOW_S)


def place(size: float = 1.0) -> NDArray[np.float64]:
    """A shift as that of a room."""
    return np.asarray(size * np.sin(np.arange(N_FEATURES)))


def calibration(shift: NDArray[np.float64], count: int = 12) -> Floats:
    """(count, n) windows of somebody who speaks as usual, all emotions of the prior in them."""
    draw = np.random.default_rng(5)
    noise = draw.normal(0, 0.05, (count, N_FEATURES))
    return np.asarray(STATISTICS.centre + shift + noise, np.float32)
