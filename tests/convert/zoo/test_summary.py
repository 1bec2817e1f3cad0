"""Summaries: what is pooled over folds, and which seeds count."""

from dataclasses import replace

import numpy as np
import pytest

from convert.score.metrics import macro_f1, war
from convert.zoo.summary import published_figures, summaries
from convert.zoo.trials import Trial
from tests.convert.zoo.test_running import a_result

TRIAL = Trial("emodb", "MNB on eight", "apart", 0, 1)


def test_speakers_of_all_folds() -> None:
    """UAR over the speakers of all folds, the leaky protocol beside it."""
    found = {trial: a_result(trial) for trial in (replace(TRIAL, fold=fold) for fold in range(8))}
    found[replace(TRIAL, protocol="leaky")] = a_result(TRIAL)
    (one,) = summaries(found)
    assert (one.uar, one.leaky_uar, one.n_speakers, one.n_folds, one.seeds) == (1, 1, 8, 8, (1,))
    assert published_figures(found) == {("emodb", "MNB on eight"): (1, 1)}
    assert one.as_json()["multiply_adds"] == 48


def test_only_whole_seeds_count() -> None:
    """A seed of which folds are missing is left out; alone, it stands with the number of its folds."""
    whole = {trial: a_result(trial) for trial in (replace(TRIAL, fold=fold) for fold in range(8))}
    partial = {replace(TRIAL, fold=0, seed=2): a_result(TRIAL), replace(TRIAL, fold=3, seed=2): a_result(TRIAL)}
    assert summaries({**whole, **partial})[0].seeds == (1,)
    (alone,) = summaries(partial)
    assert (alone.seeds, alone.n_folds, alone.of_folds) == ((2,), 2, 8)


def test_interval_is_of_all_seeds() -> None:
    """Seed 2 is wrong throughout: the mean and its interval are those of both seeds, not of the first alone."""
    right = {trial: a_result(trial) for trial in (replace(TRIAL, fold=fold) for fold in range(8))}
    wrong = {
        replace(trial, seed=2): {
            **result,
            "speakers": {
                name: np.roll(np.array(matrix), 1, axis=1).tolist() for name, matrix in result["speakers"].items()
            },
        }
        for trial, result in right.items()
    }
    (one,) = summaries({**right, **wrong})
    assert (one.uar, one.low, one.high) == (0.5, 0.5, 0.5)
    assert (one.war_95, one.macro_f1_95, one.top3_95) == ((0.5, 0.5), (0.5, 0.5), None)


def test_intervals_are_over_speakers() -> None:
    """Of WAR, macro-F1 and top-3: the bounds of 2000 drawn sets of speakers, of which some are recognised badly."""
    rng = np.random.default_rng(5)
    matrices = rng.integers(1, 9, (8, 6, 6)) + np.arange(8)[:, None, None] * np.eye(6, dtype=int) * 3
    results = {
        replace(TRIAL, fold=fold): {
            **a_result(TRIAL),
            "speakers": {f"s{fold}": matrix.tolist()},
            "top3": (hits := matrix.sum() - 20 + fold) / matrix.sum(),
            "top3_hits": {f"s{fold}": int(hits)},
        }
        for fold, matrix in enumerate(matrices)
    }
    (one,) = summaries(results)
    sets = np.random.default_rng(0).multinomial(8, np.full(8, 1 / 8), 2000)
    drawn = [np.tensordot(counts, matrices, axes=1) for counts in sets]
    n_clips, hits = matrices.sum(axis=(1, 2)), matrices.sum(axis=(1, 2)) - 20 + np.arange(8)
    for bounds, figures in (
        (one.war_95, [war(matrix) for matrix in drawn]),
        (one.macro_f1_95, [float(macro_f1(matrix)) for matrix in drawn]),
        (one.top3_95, (sets @ hits) / (sets @ n_clips)),
    ):
        assert bounds == pytest.approx(np.percentile(figures, [2.5, 97.5]), abs=1e-6)


def test_one_speaker_has_no_interval() -> None:
    """Drawn again and again, it is always the same."""
    (one,) = summaries({TRIAL: {**a_result(TRIAL), "top3_hits": {"s0": 6}}})
    assert (one.war_95, one.macro_f1_95, one.top3_95) == (None, None, None)
