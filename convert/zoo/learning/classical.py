"""Classifiers of one vector a clip: those that Sahu 2019 (arXiv 1904.06022) compares.

    vectors (n, k), scaled on the training side ──► a scikit-learn or XGBoost classifier ──► scores (n, n_labels)

Training clips of rare labels are repeated until every label has as many, after the split; published code does so
before it, which puts copies of a clip on both sides.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC

from convert.corpora.clip import Clip
from convert.zoo.learning.vectors import Vectors
from convert.zoo.recogniser import Task
from edged.errors import UsageError
from edged.features.logmel import Floats

N_TREES = 1200  # of the forest, and rounds of boosting
_DEPTH = 7  # of boosted trees
_HIDDEN = {"sound": 650, "both": 500}  # units of the perceptron, by the length of its input


@dataclass(frozen=True, slots=True)
class Kind:
    """A classifier and what it costs."""

    make: Callable[[Task, int], Any]  # of the task and the length of a vector
    multiply_adds: Callable[[Any], int]  # of the fitted classifier
    positive: bool = False  # takes vectors in [0, 1]


class Classical:
    """One classifier of vectors."""

    def __init__(self, vectors: Vectors, kind: Kind) -> None:
        self._vectors, self._kind = vectors, kind
        self._fitted: Any = None
        self._n_labels = 0

    def fit(self, task: Task, training: Sequence[Clip], validation: Sequence[Clip]) -> None:  # noqa: ARG002 -- chooses nothing
        """See ``Recogniser``."""
        truth = task.truth(training)
        chosen = oversampled(truth, task.seed)
        self._vectors.fit(training)
        x = self._of(training)[chosen]
        self._n_labels = len(task.labels)
        present, numbers = np.unique(truth[chosen], return_inverse=True)  # XGBoost wants labels without gaps
        self._present = present
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the number of rounds is given by the source
            self._fitted = self._kind.make(task, x.shape[1]).fit(x, numbers)

    def scores(self, clips: Sequence[Clip]) -> Floats:
        """See ``Recogniser``."""
        x = self._of(clips)
        scores = np.zeros((len(clips), self._n_labels), np.float32)
        scores[:, self._present] = self._fitted.predict_proba(x)
        return scores

    @property
    def multiply_adds(self) -> int:
        """See ``Recogniser``."""
        return self._kind.multiply_adds(self._fitted)

    def _of(self, clips: Sequence[Clip]) -> Any:  # noqa: ANN401 -- an array or a sparse matrix
        return self._vectors.positive(clips) if self._kind.positive else self._vectors.of(clips)


def oversampled(truth: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """(m,) indices into ``truth`` (n,): all, and repeats of rare labels until each is as frequent as the most."""
    generator = np.random.default_rng(seed)
    most = int(np.bincount(truth).max())
    chosen = [np.arange(len(truth))]
    for label in np.unique(truth):
        own = np.flatnonzero(truth == label)
        chosen.append(generator.choice(own, most - len(own)))
    return np.concatenate(chosen)


def _random_forest(task: Task, _n: int) -> RandomForestClassifier:
    return RandomForestClassifier(n_estimators=N_TREES, min_samples_split=25, random_state=task.seed)


def _boosted_trees(task: Task, _n: int) -> Any:  # noqa: ANN401 -- XGBoost ships no types
    try:
        from xgboost import XGBClassifier  # noqa: PLC0415 -- an extra
    except ImportError as exc:
        raise UsageError(f"{exc}: expected the extra zoo: pip install -e '.[zoo]'") from exc
    return XGBClassifier(max_depth=_DEPTH, learning_rate=0.008, n_estimators=N_TREES, random_state=task.seed, n_jobs=1)


def _linear_svm(task: Task, _n: int) -> CalibratedClassifierCV:
    # Its scores are Platt's, on folds of the training side.
    return CalibratedClassifierCV(LinearSVC(random_state=task.seed, max_iter=20_000), cv=3)


def _naive_bayes(_task: Task, _n: int) -> MultinomialNB:
    return MultinomialNB()


def _logistic_regression(task: Task, _n: int) -> LogisticRegression:
    return LogisticRegression(max_iter=1000, random_state=task.seed)


def _perceptron(task: Task, n_features: int) -> MLPClassifier:
    long = n_features > _HIDDEN["sound"]
    hidden = _HIDDEN["both"] if long else _HIDDEN["sound"]
    return MLPClassifier((hidden,), max_iter=40 if long else 300, random_state=task.seed)


def _of_forest(fitted: RandomForestClassifier) -> int:
    return sum(tree.get_depth() for tree in fitted.estimators_)


def _of_boosted(fitted: Any) -> int:  # noqa: ANN401 -- XGBoost ships no types
    return N_TREES * _DEPTH * len(fitted.classes_)


def _of_machines(fitted: CalibratedClassifierCV) -> int:
    return sum(int(one.estimator.coef_.size) for one in fitted.calibrated_classifiers_)


def _of_bayes(fitted: MultinomialNB) -> int:
    return int(fitted.feature_log_prob_.size)


def _of_regression(fitted: LogisticRegression) -> int:
    return int(fitted.coef_.size)


def _of_perceptron(fitted: MLPClassifier) -> int:
    return sum(int(matrix.size) for matrix in fitted.coefs_)


KINDS: dict[str, Kind] = {
    "RF": Kind(_random_forest, _of_forest),
    "XGB": Kind(_boosted_trees, _of_boosted),
    "SVM": Kind(_linear_svm, _of_machines),
    "MNB": Kind(_naive_bayes, _of_bayes, positive=True),
    "LR": Kind(_logistic_regression, _of_regression),
    "MLP": Kind(_perceptron, _of_perceptron),
}
ENSEMBLES = {"E1": ("RF", "XGB", "MLP"), "E2": ("RF", "XGB", "MLP", "MNB", "LR")}
DESCRIBED = {
    "RF": "random forest, 1200 trees, 25 samples to split",
    "XGB": "boosted trees, depth 7, rate 0.008, 1200 rounds",
    "SVM": "linear support vector machine",
    "MNB": "multinomial naive Bayes",
    "LR": "logistic regression",
    "MLP": "a hidden layer of 650 (500 on long vectors)",
    "E1": "mean of RF, XGB, MLP",
    "E2": "mean of RF, XGB, MLP, MNB, LR",
}
