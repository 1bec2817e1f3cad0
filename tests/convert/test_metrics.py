"""Metrics: each against its definition, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score

from convert.score.metrics import calibration_error, clip_metrics, confusion, interval, macro_f1, recall, uar, war

LABELS = ("a", "b", "c")


def test_against_scikit_learn() -> None:
    """Confusion and UAR are scikit-learn's confusion matrix and balanced accuracy."""
    rng = np.random.default_rng(0)
    truth, predictions = rng.integers(0, 3, 200), rng.integers(0, 3, 200)
    matrix = confusion(truth, predictions, 3)
    assert np.array_equal(matrix, confusion_matrix(truth, predictions))
    assert uar(matrix) == pytest.approx(balanced_accuracy_score(truth, predictions))
    assert war(matrix) == pytest.approx((truth == predictions).mean())
    assert macro_f1(matrix) == pytest.approx(f1_score(truth, predictions, average="macro"))
    assert macro_f1(np.array([matrix, 2 * matrix])) == pytest.approx(np.full(2, macro_f1(matrix)))


def test_label_that_does_not_occur() -> None:
    """UAR and macro-F1 are means over the labels that occur."""
    matrix = confusion(np.array([0, 0, 1]), np.array([0, 2, 1]), 3)
    assert uar(matrix) == pytest.approx(0.75)
    assert np.isnan(recall(matrix)[2])
    assert uar(np.zeros((3, 3), np.int64)) == macro_f1(np.zeros((3, 3), np.int64)) == 0
    assert macro_f1(np.array([[2, 0, 0], [1, 1, 0], [0, 0, 0]])) == pytest.approx((0.8 + 2 / 3) / 2)


def test_clips_of_other_labels_do_not_count() -> None:
    """Clips of another label (-1) do not count; speakers are counted that do."""
    found = clip_metrics(LABELS, np.array([0, 1, -1]), np.array([0, 0, 2]), ["s", "s", "t"]).as_json()
    assert (found["clips"], found["speakers"], found["uar"], found["war"]) == (2, 1, 0.5, 0.5)
    assert found["recall"] == {"a": 1.0, "b": 0.0}
    assert found["confusion"] == [[1, 0, 0], [1, 0, 0], [0, 0, 0]]


def test_interval_contains_the_uar() -> None:
    """Speakers alike give a narrow interval, speakers unlike a wide one; both contain the UAR."""
    alike = np.array([[[8, 2], [3, 7]]] * 12)
    unlike = np.array([[[10, 0], [0, 10]], [[5, 5], [5, 5]]] * 6)
    assert interval(alike) == pytest.approx((0.75, 0.75))
    low, high = interval(unlike)
    assert low < 0.75 < high
    assert high - low > 0.1
    assert interval(unlike) == interval(unlike)


def test_calibration_error() -> None:
    """Confidence that equals accuracy has no error; full confidence that is never right has an error of 1."""
    sure = np.tile(np.array([[1.0, 0.0]], np.float32), (10, 1))
    assert calibration_error(np.zeros(10, np.int64), sure) == 0
    assert calibration_error(np.ones(10, np.int64), sure) == 1
    half = np.tile(np.array([[0.8, 0.2]], np.float32), (10, 1))
    assert calibration_error(np.array([0] * 8 + [1] * 2), half) == pytest.approx(0, abs=1e-6)
