"""Adaptation curves: clips to adapt to are never tested, and a constant bias is corrected."""

import numpy as np
import pytest

from convert.card.adaptation_section import adaptation_section
from convert.corpora import LABELS
from convert.evaluate import adaptation_curves
from convert.evaluate.adaptation_curves import Homes
from convert.evaluate.learning import FeatureLearning, ScoreLearning
from convert.score.calibration import mean_log_scores
from convert.score.clip_scores import ClipWindows
from edged.features.logmel import Floats
from edged.models.adaptation import Adaptation, Settings
from edged.models.feature_adaptation import FeatureAdaptation
from edged.models.feature_statistics import FeatureStatistics
from tests.convert.test_calibration import manifest, validation_windows

N_CLIPS, N_SPEAKERS = 240, 4
RNG = np.random.default_rng(5)
TRUTH = np.repeat(np.arange(len(LABELS)), N_CLIPS // len(LABELS))
SPEAKERS = np.array([f"S{n % N_SPEAKERS}" for n in range(N_CLIPS)])


def scores(push: float) -> list[Floats]:
    """One window per clip, the true label ahead in noise, and the first label raised by ``push`` everywhere."""
    logits = RNG.normal(0, 1, (N_CLIPS, len(LABELS)))
    logits[np.arange(N_CLIPS), TRUTH] += 2
    logits[:, 0] += push
    shares = np.exp(logits)
    return list(np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)[:, None])


def home(push: float = 0.0) -> Homes:
    """Four speakers with ten clips of 3 s of each label."""
    return Homes(LABELS, scores(push), [3.0] * N_CLIPS, TRUTH, SPEAKERS)


def table() -> dict[str, tuple[float, ...]]:
    """Mean log scores of unbiased speakers."""
    logs = np.array([np.log(of_clip[0]) for of_clip in scores(0.0)])
    return {label: tuple(logs[number == TRUTH].mean(axis=0)) for number, label in enumerate(LABELS)}


def score_device(_speaker: str) -> ScoreLearning:
    """A device that corrects scores."""
    return ScoreLearning(Adaptation(LABELS, table(), Settings()))


def test_bias_is_corrected() -> None:
    """UAR rises with adaptation where a constant bias lowers it."""
    found = adaptation_curves.curves(home(2.0), score_device)
    for row in found["priors"].values():
        assert row["300"] > row["0"] + 0.02
    assert found["two_speakers"]["300"] > found["two_speakers"]["0"]
    assert found["hour_of"].keys() == set(LABELS)


def features(push: float) -> list[Floats]:
    """One window per clip: a direction for each label, in noise, and the speaker's own ``push`` along the first one."""
    x = RNG.normal(0, 0.3, (N_CLIPS, len(LABELS)))
    x[np.arange(N_CLIPS), TRUTH] += 1
    x[:, 0] += push
    return list(np.asarray(x, np.float32)[:, None])


def feature_device(_speaker: str) -> FeatureLearning:
    """A device that corrects features, which softmax takes as logits."""
    prior = np.array([0.7 if label == "neutral" else 0.06 for label in LABELS], np.float32)
    offsets = np.eye(len(LABELS), dtype=np.float32) - prior
    spread = np.ones(len(LABELS), np.float32)
    statistics = FeatureStatistics(
        centre=prior, offsets=offsets, spread=spread, caution_s=2.0, prior_weight_s=15.0, power=0.7
    )
    return FeatureLearning(FeatureAdaptation(LABELS, statistics, Settings()), softmax)


def softmax(x: Floats) -> Floats:
    """(n, n_labels) shares of logits."""
    shares = np.exp(4 * x)
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True), np.float32)


@pytest.mark.parametrize("prior", adaptation_curves.PRIORS)
def test_shift_of_features_is_corrected(prior: str) -> None:
    """UAR rises within eight seconds where a voice shifts all features, and in no home it ends below where it began."""
    homes = Homes(LABELS, features(1.0), [3.0] * N_CLIPS, TRUTH, SPEAKERS)
    uars, _ = adaptation_curves.by_seconds(homes, feature_device, prior, 5)
    assert uars["0"] < 0.7
    assert uars["8"] > uars["0"] + 0.02
    assert uars["1800"] > uars["0"] + 0.02


def test_halves_are_disjoint() -> None:
    """A trial uses each clip of the speaker on exactly one side, and each trial draws again."""
    seen = set()
    for speaker, _, adapt, test in adaptation_curves._trials(home(), 5):  # noqa: SLF001 - the splits behind every number
        assert not set(adapt) & set(test)
        assert sorted([*adapt, *test]) == np.flatnonzero(speaker == SPEAKERS).tolist()
        seen.add(tuple(sorted(adapt)))
    assert len(seen) > N_SPEAKERS


@pytest.mark.parametrize(("prior", "share"), [("neutral", 0.7), ("angry", 0.7), ("balanced", 1 / 6)])
def test_stream_keeps_the_prior(prior: str, share: float) -> None:
    """70 % for the given label, or uniform."""
    drawn = adaptation_curves.stream(home(), np.arange(N_CLIPS), prior, np.random.default_rng(1))
    found = [TRUTH[next(drawn)] for _ in range(4000)]
    label_index = LABELS.index(prior if share > 0.5 else "angry")
    assert np.mean(np.array(found) == label_index) == pytest.approx(share, abs=0.03)


def test_stream_of_a_corpus_without_the_label() -> None:
    """A missing label is left out and the others are equal; a single label has every clip."""
    clips = np.flatnonzero(LABELS.index("neutral") != TRUTH)
    drawn = adaptation_curves.stream(home(), clips, "neutral", np.random.default_rng(1))
    found = np.bincount([TRUTH[next(drawn)] for _ in range(3000)], minlength=len(LABELS)) / 3000
    assert found.max() == pytest.approx(0.2, abs=0.03)
    only = adaptation_curves.stream(home(), np.flatnonzero(TRUTH == 0), "angry", np.random.default_rng(1))
    assert {TRUTH[next(only)] for _ in range(20)} == {0}


def test_mean_log_scores_are_means_of_speakers() -> None:
    """Speakers have equal weight, whatever their number of clips; one lacks data; half a table is empty."""
    windows = validation_windows()
    scores = np.full((len(windows.owner), len(LABELS)), 0.1, np.float32)
    loud = np.array([windows.clips[owner].speaker == "S0" for owner in windows.owner])
    scores[loud] = 0.5
    found = mean_log_scores(manifest(), scores, windows)
    assert found["angry"][0] == pytest.approx((np.log(0.5) + 5 * np.log(0.1)) / 6, abs=1e-3)
    assert mean_log_scores(manifest(), scores, windows, "S0")["angry"][0] == pytest.approx(np.log(0.1), abs=1e-3)
    few = [clip for clip in windows.clips if clip.label != "sad"]
    assert mean_log_scores(manifest(), scores[: len(few)], ClipWindows(few, windows.images, np.arange(len(few)))) == {}


def test_section_has_all_tables() -> None:
    """Every mark, prior distribution and label is printed."""
    text = adaptation_section({"ravdess": adaptation_curves.curves(home(), score_device)})
    for part in ("RAVDESS | 70 % neutral", "1800 s", "Two speakers", "| RAVDESS | sad |"):
        assert part in text
