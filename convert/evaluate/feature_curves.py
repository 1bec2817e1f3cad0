"""A bundle that adapts its features: its curves, and the corrected features of validation speakers.

    clips ──trunk──► features ──a device at each speaker's home──► curves
                              ──after a minute of other clips──► corrected features, for the calibration

A device here is exactly the shipped one: the bundle's files, its default routing, and ``FeatureAdaptation``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from convert.corpora.clip import Clip
from convert.evaluate import adaptation_curves
from convert.evaluate.adaptation_curves import N_TRIALS, Curves, Homes, Part
from convert.evaluate.learning import FeatureLearning, Scoring
from convert.score.clip_scores import ClipWindows
from convert.score.isolated import apart, each_apart
from convert.train.heads import bundle_windows
from convert.train.heads.scoring import scoring_of, statistics_of
from edged.models.bundle import Bundle
from edged.models.feature_adaptation import FeatureAdaptation, Settings
from edged.models.feature_statistics import FeatureStatistics

_ADAPTED_S = 60.0  # of adaptation before the calibration on validation speakers
_N_SPLITS = 2  # into clips to adapt to and clips to calibrate on


def feature_curves(
    bundle: Bundle, groups: Mapping[str, Sequence[Clip]], cache: Path, store: Path, n_trials: int = N_TRIALS
) -> dict[str, Curves]:
    """By group of prepared clips all numbers of the adaptation to their speakers."""
    labels = bundle.manifest.labels
    calls: dict[tuple[str, Part], tuple[Any, ...]] = {}
    for name, clips in groups.items():
        windows = bundle_windows.clip_windows(bundle, clips, cache, store)
        homes = adaptation_curves.homes(labels, windows.images, windows, cache)
        calls |= {(name, part): (bundle, homes, part, n_trials) for part in adaptation_curves.parts(labels)}
    found = each_apart(_curve, calls, "adaptation")
    return {
        name: adaptation_curves.joined(curves for (of_group, _), curves in found.items() if of_group == name)
        for name in groups
    }


def adapted_windows(bundle: Bundle, groups: Sequence[Sequence[Clip]], cache: Path, store: Path) -> ClipWindows:
    """Features of clips as a device corrects them after a minute of its speaker's other clips, 70 % neutral."""
    parts = [bundle_windows.clip_windows(bundle, clips, cache, store) for clips in groups if clips]
    return apart(_adapted, bundle, parts, cache)


def _curve(bundle: Bundle, homes: Homes, part: Part, n_trials: int) -> Curves:
    statistics, scoring = statistics_of(bundle), scoring_of(bundle)

    def device(_speaker: str) -> FeatureLearning:
        return FeatureLearning(FeatureAdaptation(homes.labels, statistics, Settings()), scoring)

    return adaptation_curves.curve(homes, device, part, n_trials)


def _adapted(bundle: Bundle, parts: list[ClipWindows], cache: Path) -> ClipWindows:
    return adapted_by(bundle.manifest.labels, statistics_of(bundle), scoring_of(bundle), parts, cache)


def adapted_by(
    labels: tuple[str, ...],
    statistics: FeatureStatistics,
    scoring: Scoring,
    parts: Sequence[ClipWindows],
    cache: Path,
) -> ClipWindows:
    """``parts`` as a device with this ``scoring`` corrects them after a minute of their speakers' other clips."""
    clips: list[Clip] = []
    values = []
    owner: list[int] = []
    for windows in parts:
        homes = adaptation_curves.homes(labels, windows.images, windows, cache)
        for speaker in np.unique(homes.speakers):
            for split in range(_N_SPLITS):
                rng = np.random.default_rng([split, *str(speaker).encode()])
                device, tested = settled(homes, str(speaker), statistics, scoring, rng)
                for clip in tested:
                    corrected = device.corrected(homes.inputs[clip])
                    values.append(corrected)
                    owner += [len(clips)] * len(corrected)
                    clips.append(windows.clips[clip])
    none = np.zeros((0, statistics.n_features), np.float32)
    return ClipWindows(clips, np.concatenate([none, *values]), np.array(owner, np.int64))


def settled(
    homes: Homes, speaker: str, statistics: FeatureStatistics, scoring: Scoring, rng: np.random.Generator
) -> tuple[FeatureLearning, list[int]]:
    """A device after a minute of half of the clips of ``speaker``, 70 % neutral, and the other half."""
    device = FeatureLearning(FeatureAdaptation(homes.labels, statistics, Settings()), scoring)
    adapt: list[int] = []
    tested: list[int] = []
    for label in range(len(homes.labels)):
        own = rng.permutation(np.flatnonzero((homes.speakers == speaker) & (homes.truth == label)))
        half = (len(own) + 1) // 2
        adapt += own[:half].tolist()
        tested += own[half:].tolist()
    stream = adaptation_curves.stream(homes, np.array(adapt, np.int64), "neutral", rng)
    played_s = 0.0
    while played_s < _ADAPTED_S:
        clip = next(stream)
        for window in homes.inputs[clip]:
            device.learn(window, homes.seconds[clip] / len(homes.inputs[clip]))
        played_s += homes.seconds[clip]
    return device, tested
