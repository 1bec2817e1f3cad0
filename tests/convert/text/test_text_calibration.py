"""convert.text.calibration and metrics: temperature, offsets, balanced error, macro-F1."""

import numpy as np
import pytest

from convert.text.calibration import Calibration, balanced, calibrated
from convert.text.metrics import balanced_ece, balanced_loss, macro_f1, text_metrics
from convert.text.weights import label_weights, training_prior


def _drawn(sharpness: float) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Logits of a known posterior, seven labels of unequal frequency, times ``sharpness``."""
    rng = np.random.default_rng(0)
    prior = np.array([0.3, 0.25, 0.15, 0.1, 0.1, 0.05, 0.05])
    labels = rng.choice(7, 8000, p=prior)
    evidence = rng.normal(0, 1, (8000, 7)) + 1.0 * np.eye(7)[labels]
    return ((evidence + np.log(prior)) * sharpness).astype(np.float32), labels


def test_temperature_and_offsets_are_recovered() -> None:
    """Evidence of unit shift and variance has itself as log likelihood: temperature and prior come out."""
    logits, labels = _drawn(2.5)
    fitted = calibrated(logits, labels)
    assert fitted.temperature == pytest.approx(2.5, rel=0.1)
    offsets = np.array(fitted.offsets)
    expected = -np.log([0.3, 0.25, 0.15, 0.1, 0.1, 0.05, 0.05])
    assert offsets - offsets.mean() == pytest.approx(expected - expected.mean(), abs=0.25)
    assert balanced_ece(labels, fitted.scores(logits)) < 0.03
    assert balanced_ece(labels, Calibration(0.25, fitted.offsets).scores(logits)) > 0.2


def test_balanced_weights() -> None:
    """Each label that occurs has the same sum, all of them 1."""
    weights = balanced(np.array([0, 0, 0, 2]))
    assert weights.tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])


def test_label_weights_and_prior() -> None:
    """Weight ~ count^-1/2, mean 1 over the sentences; the prior ~ count^1/2."""
    labels = np.repeat(np.arange(7), [64, 16, 4, 4, 4, 4, 4])
    weights = label_weights(labels)
    assert weights[1] / weights[0] == pytest.approx(2)
    assert weights[labels].mean() == pytest.approx(1)
    prior = training_prior(labels)
    assert prior[0] / prior[1] == pytest.approx(2)
    assert prior.sum() == pytest.approx(1)


def test_macro_f1_against_scikit_learn() -> None:
    """As scikit-learn counts it."""
    from sklearn.metrics import confusion_matrix, f1_score  # noqa: PLC0415 - takes a second

    rng = np.random.default_rng(3)
    truth, predictions = rng.integers(0, 7, 200), rng.integers(0, 7, 200)
    matrix = np.zeros((7, 8), np.int64)
    matrix[:, :7] = confusion_matrix(truth, predictions)
    assert macro_f1(matrix) == pytest.approx(f1_score(truth, predictions, average="macro"))


def test_balanced_loss() -> None:
    """The mean over labels of the mean -ln(score); what has no scores is left out."""
    scores = np.full((4, 7), 0.05, np.float32)
    scores[[0, 1, 2], [0, 0, 3]] = [0.5, 0.25, 0.7]
    scores[3] = np.nan
    expected = -(np.log(0.5) + np.log(0.25)) / 4 - np.log(0.7) / 2
    assert balanced_loss(np.array([0, 0, 3, 3]), scores) == pytest.approx(expected, abs=1e-4)
    assert balanced_loss(np.array([0]), scores[3:]) == 0.0


def test_no_evidence_counts_as_missed() -> None:
    """A sentence without scores lowers recall and F1; the calibration error leaves it out."""
    labels = np.array([0, 0, 1, 1])
    scores = np.full((4, 7), 0.0, np.float32)
    scores[[0, 1, 2], [0, 0, 1]] = 1.0
    scores[3] = np.nan
    metrics = text_metrics(labels, scores)
    assert metrics["uar"] == pytest.approx(0.75)
    assert metrics["no_evidence"] == pytest.approx(0.25)
    assert metrics["macro_f1"] == pytest.approx((1 + 2 / 3) / 2, abs=1e-4)
    assert metrics["ece"] == pytest.approx(0)
    assert metrics["recall"] == {"angry": 1.0, "disgust": 0.5}
