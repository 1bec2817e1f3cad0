"""A bundle's first head trained with other seeds on the bundle's own trunk: how much the figures depend on the seed.

    trunk, training clips ──features──► M1's head of a seed ──temperature on validation speakers, EMOVO──►
        UAR and ECE of test speakers: before adaptation, after 8 s and 60 s of theirs

Trunk and statistics are those that ship, so what varies is the heads alone.  They are measured as float networks, with
the adaptation of the device.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from convert.data import dataset
from convert.data.material import Material
from convert.evaluate import adaptation_curves
from convert.evaluate.feature_curves import adapted_by
from convert.evaluate.heads.trunk_source import answers_of, heads_of, recipe_of, source_of
from convert.evaluate.learning import FeatureLearning, Learning, Scoring
from convert.evaluate.runs import VALIDATION_CORPORA
from convert.recipes.cascade import FIRST, LABELS
from convert.score.calibration import temperature
from convert.score.clip_scores import ClipWindows
from convert.score.metrics import confusion, uar
from convert.train.heads import bundle_windows
from convert.train.heads.files import FLATTENING
from convert.train.heads.network import Head, softmax
from convert.train.heads.scoring import statistics_of
from convert.train.heads.training import trained
from convert.train.heads.window_features import window_features
from edged.features.logmel import Floats
from edged.models.bundle import Bundle
from edged.models.cascade import sharpened
from edged.models.feature_adaptation import FeatureAdaptation, Settings
from edged.models.feature_statistics import FeatureStatistics

SEEDS = (1, 2, 3)
_MARKS_S = (0, 8, 60)


def seeds(
    bundle: Bundle, clips: Material, groups: Sequence[str], work: Path, n_trials: int = adaptation_curves.N_TRIALS
) -> dict[str, Any]:
    """By group of test clips, all prepared, and column: the value of each seed, their mean and standard deviation."""
    recipe, known = recipe_of(bundle), statistics_of(bundle)
    spec, made = heads_of(recipe), source_of(bundle, clips, work)
    dataset.prepare(clips.noises, made.cache)
    by_corpus = [[clip for clip in clips.train if clip.corpus == name] for name in recipe.corpora]
    features = [group for own in by_corpus for group in window_features(own, range(spec.versions), made)]

    def windows(name: str) -> ClipWindows:
        of_group = {**clips.test, **clips.unseen}[name]
        return bundle_windows.clip_windows(bundle, of_group, made.cache, work / "scores")

    validation = [
        bundle_windows.clip_windows(bundle, of_corpus, made.cache, work / "scores")
        for name in recipe.corpora
        if (of_corpus := [clip for clip in clips.validation if clip.corpus == name])
    ]
    unknown = [windows(name) for name in VALIDATION_CORPORA if name in clips.unseen]
    tested = {name: windows(name) for name in groups}
    by_seed: list[dict[str, dict[str, float]]] = []
    for seed in SEEDS:
        head = trained(features, known, spec, seed, {FIRST: LABELS}, answers_of(recipe))[FIRST]
        scores = calibrated(head, known, validation, unknown, made.cache)
        by_seed.append({name: columns(of, known, scores, made.cache, n_trials) for name, of in tested.items()})
    return {name: spread([of_seed[name] for of_seed in by_seed]) for name in groups}


def spread(by_seed: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """By column the values of all seeds, their mean and their standard deviation."""
    return {
        column: {
            "seeds": [of_seed[column] for of_seed in by_seed],
            "mean": round(float(np.mean([of_seed[column] for of_seed in by_seed])), 4),
            "sd": round(float(np.std([of_seed[column] for of_seed in by_seed], ddof=1)), 4),
        }
        for column in by_seed[0]
    }


def calibrated(
    head: Head, known: FeatureStatistics, validation: Sequence[ClipWindows], unknown: Sequence[ClipWindows], cache: Path
) -> Scoring:
    """The scores of ``head`` at the temperature that fits validation and unknown speakers who were adapted to.

    As in the calibration of a bundle: to adapt, a device needs scores that are calibrated already.
    """
    unadapted = _joined(validation)
    warm = scoring(head, temperature(_flat(head, unadapted.images), unadapted, LABELS))
    adapted = adapted_by(LABELS, known, warm, [*validation, *unknown], cache)
    return scoring(head, temperature(_flat(head, adapted.images), adapted, LABELS))


def columns(
    windows: ClipWindows, known: FeatureStatistics, scores: Scoring, cache: Path, n_trials: int
) -> dict[str, float]:
    """The row of a group of clips, with a head that gives ``scores``."""
    homes = adaptation_curves.homes(LABELS, windows.images, windows, cache)

    def device(_speaker: str) -> Learning:
        return FeatureLearning(FeatureAdaptation(LABELS, known, Settings()), scores)

    uars, errors = adaptation_curves.by_seconds(homes, device, "neutral", n_trials, _MARKS_S)
    predictions = windows.by_clip(scores(windows.images)).argmax(axis=1)
    whole = uar(confusion(homes.truth, predictions, len(LABELS)))
    return {
        "all clips, as they come": round(whole, 4),
        **{f"after {mark} s": uars[str(mark)] for mark in _MARKS_S if mark},
        "ECE as they come": errors["0"],
        f"ECE after {_MARKS_S[-1]} s": errors[str(_MARKS_S[-1])],
    }


def _flat(head: Head, features: Floats) -> Floats:
    """The scores of the head's file, which flattens them."""
    return softmax(np.asarray(head.logits(features) / np.float32(FLATTENING), np.float32))


def scoring(head: Head, fitted: float) -> Scoring:
    """The scores of ``head`` at the temperature ``fitted``, as the device computes them from its file."""
    return lambda features: sharpened(_flat(head, features), fitted)


def _joined(parts: Sequence[ClipWindows]) -> ClipWindows:
    starts = np.cumsum([0, *(len(part.clips) for part in parts[:-1])])
    return ClipWindows(
        [clip for part in parts for clip in part.clips],
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.owner + start for part, start in zip(parts, starts, strict=True)]),
    )
