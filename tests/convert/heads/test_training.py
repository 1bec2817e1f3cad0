"""Statistics, shifts, networks: what the heads learn of speakers and of emotions."""

from dataclasses import replace

import numpy as np
import pytest

from convert.corpora.clip import LABELS
from convert.recipes.cascade import TASKS
from convert.recipes.spec import HeadsSpec
from convert.train.heads.network import Fit, averaged, softmax
from convert.train.heads.places import shifts, usual
from convert.train.heads.statistics import as_file, ordinary_mean, statistics
from convert.train.heads.training import trained
from edged.models.feature_statistics import read_statistics
from edged.models.manifest import AdaptationFile
from tests.convert.heads.features import FEW, N, features

_NEUTRAL = LABELS.index("neutral")


def test_ordinary_mean_is_mostly_neutral() -> None:
    """70 % of the neutral mean and 30 % of the mean of the other labels' means, however many clips each has."""
    values = np.array([[10], [10], [10], [0], [4]], np.float32)
    labels = np.array([_NEUTRAL, _NEUTRAL, _NEUTRAL, 0, 1])
    assert ordinary_mean(values, labels) == pytest.approx([0.7 * 10 + 0.3 * 2])


def test_ordinary_mean_of_one_label_is_its_mean() -> None:
    """There is nothing to weigh."""
    assert ordinary_mean(np.array([[1], [3]], np.float32), np.array([2, 2])) == pytest.approx([2])


def test_statistics_are_of_speakers() -> None:
    """The offsets are those of the emotions, whatever the voices; the spread is that of the voices."""
    known = statistics([features(12)], FEW)
    emotions = np.random.default_rng(100).normal(0, 1, (len(LABELS), N))
    expected = emotions - usual() @ emotions
    np.testing.assert_allclose(known.offsets, expected, atol=0.3)
    assert known.spread.mean() == pytest.approx(4, rel=0.4)
    np.testing.assert_allclose(usual() @ known.offsets, 0, atol=1e-4)


def test_statistics_file_is_read_by_the_device() -> None:
    """The same arrays, and the recipe's numbers."""
    known = statistics([features(3)], FEW)
    settings = AdaptationFile(file="a.npz", sha256="0" * 64, of="features", caution_s=2.5, prior_weight_s=12, power=0.6)
    read = read_statistics(as_file(known), settings, len(LABELS))
    np.testing.assert_array_equal(read.offsets, known.offsets)
    assert (read.caution_s, read.prior_weight_s, read.power) == (2.5, 12, 0.6)


def test_shifts_take_voices_off() -> None:
    """Features less their shift differ by emotion, hardly by speaker."""
    group = features(8)
    known = statistics([group], FEW)
    spec = HeadsSpec(unadapted_p=0, adapted_to=(40,), certainty=1.0, neutral_p=1.0, caution=0.1)
    drawn = shifts(group.values, group.labels, group.places, known, spec, np.random.default_rng(0))
    adapted = group.values - drawn
    for label in range(len(LABELS)):
        own = group.labels == label
        assert adapted[own].std(axis=0).mean() < 0.25 * group.values[own].std(axis=0).mean()


def test_shifts_leave_a_share_of_places_alone() -> None:
    """As on a device that was just switched on."""
    group = features(10)
    known = statistics([group], FEW)
    drawn = shifts(
        group.values, group.labels, group.places, known, HeadsSpec(unadapted_p=0.5), np.random.default_rng(0)
    )
    untouched = (drawn == 0).all(axis=1).mean()
    assert 0.3 < untouched < 0.7
    none = shifts(group.values, group.labels, group.places, known, HeadsSpec(unadapted_p=1.0), np.random.default_rng(0))
    assert not none.any()


def test_fit_learns_and_counts_important_windows_more() -> None:
    """Two windows that contradict each other: the important one wins."""
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, (64, 4)).astype(np.float32)
    shares = np.zeros((64, 2), np.float32)
    shares[:32, 0] = shares[32:, 1] = 1
    values[32:] = values[:32]
    importance = np.where(np.arange(64) < 32, 9, 1).astype(np.float32)
    spec = HeadsSpec(learning_rate=0.02, dropout=0.0, weight_decay=0.0)
    fit = Fit(np.zeros(4, np.float32), np.ones(4, np.float32), 8, 2, 300, spec, 0)
    for _ in range(300):
        fit.step(values, shares, importance)
    assert softmax(fit.head.logits(values))[:, 0].mean() == pytest.approx(0.9, abs=0.03)


def test_averaged_head_has_the_mean_logits() -> None:
    """Side by side, each with its own hidden layer."""
    heads = [Fit(np.zeros(4, np.float32), np.ones(4, np.float32), 8, 3, 10, FEW, seed).head for seed in range(3)]
    rng = np.random.default_rng(0)
    for head in heads:
        head.output[:] = rng.normal(0, 1, head.output.shape)
    values = rng.normal(0, 1, (5, 4)).astype(np.float32)
    expected = np.mean([head.logits(values) for head in heads], axis=0)
    np.testing.assert_allclose(averaged(heads).logits(values), expected, atol=1e-5)


def test_trained_heads_know_emotions_of_new_speakers_once_adapted() -> None:
    """All five models; speakers whom nobody trained on, each moved to where speakers are expected."""
    group = features(16)
    known = statistics([group], FEW)
    heads = trained([group], known, FEW, seed=1)
    new = features(4, first=50)
    adapted = new.values.copy()
    for place in np.unique(new.places):
        own = new.places == place
        adapted[own] -= ordinary_mean(new.values[own], new.labels[own]) - known.centre
    right = {}
    for task, labels in TASKS.items():
        indices = [LABELS.index(label) for label in labels]
        chosen = np.isin(new.labels, indices)
        predicted = np.array(indices)[heads[task].logits(adapted[chosen]).argmax(axis=1)]
        right[task] = (predicted == new.labels[chosen]).mean()
    assert min(right.values()) > 0.9, right
    again = trained([group], known, FEW, seed=1)
    np.testing.assert_array_equal(heads["m1"].hidden, again["m1"].hidden)


def test_answers_of_the_starting_model_are_added() -> None:
    """The features that are its flattened logits count as they are, each for its own label, after training."""
    group = features(6)
    known = statistics([group], FEW)
    spec = replace(FEW, epochs=1, start_share=0.4)
    alone, both = (trained([group], known, spec, seed=1, answers=first) for first in (None, 10))
    for task, labels in TASKS.items():
        columns = [10 + LABELS.index(label) for label in labels]
        expected = alone[task].logits(group.values) + 0.4 * 5 * group.values[:, columns]
        np.testing.assert_allclose(both[task].logits(group.values), expected, rtol=1e-4, atol=1e-4)


def test_features_of_some_clips() -> None:
    """Windows stay with their clips."""
    group = features(2, each=1)
    chosen = np.array([clip.label == "sad" for clip in group.clips])
    some = group.of(chosen)
    assert [clip.label for clip in some.clips] == ["sad", "sad"]
    assert some.owner.tolist() == [0, 1]
    np.testing.assert_array_equal(some.values, group.values[chosen])
