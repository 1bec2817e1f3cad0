"""Summaries: what is pooled over folds, and which seeds count."""

from dataclasses import replace

import numpy as np
import pytest

from convert.zoo.summary import macro_f1, summaries
from convert.zoo.trials import Trial
from tests.convert.zoo.test_running import a_result

TRIAL = Trial("emodb", "MNB on eight", "apart", 0, 1)


def test_macro_f1() -> None:
    """As scikit-learn has it; a label that does not occur is left out."""
    assert macro_f1(np.array([[2, 0, 0], [1, 1, 0], [0, 0, 0]])) == pytest.approx((0.8 + 2 / 3) / 2)


def test_speakers_of_all_folds() -> None:
    """UAR over the speakers of all folds, the leaky protocol beside it."""
    found = {trial: a_result(trial) for trial in (replace(TRIAL, fold=fold) for fold in range(8))}
    found[replace(TRIAL, protocol="leaky")] = a_result(TRIAL)
    (one,) = summaries(found)
    assert (one.uar, one.leaky_uar, one.n_speakers, one.n_folds, one.seeds) == (1, 1, 8, 8, (1,))
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
