"""A Keras network of one input to a ``Recogniser``: scaled, trained by Adam, its epoch chosen on validation speakers.

features (n, …) ──standardised on the training side──► network ──softmax──► scores (n, n_labels)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import Clip
from convert.score.metrics import confusion, uar
from convert.zoo.features.store import Kind, Store
from convert.zoo.learning.operations import multiply_adds
from convert.zoo.recogniser import Task
from edged.features.logmel import Floats

if TYPE_CHECKING:
    import keras

LONGEST = 1000  # epochs of any training
_AT_ONCE = 512  # clips of a batch that is only scored
_STEPS_AT_ONCE = 8  # of training, in one call of TensorFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How a network is trained."""

    epochs: int
    batch: int = 32
    learning_rate: float = 1e-3


class TrainedNetwork:
    """One network, made by ``make`` for an input's shape and a number of labels; it ends in a softmax.

    After ``fit``, ``network`` takes ``(x - mean) / spread`` of the kind's features x.
    """

    network: "keras.Model"
    mean: Floats
    spread: Floats

    def __init__(
        self, store: Store, kind: Kind, make: Callable[[tuple[int, ...], int], "keras.Model"], training: Training
    ) -> None:
        self._store, self._kind, self._make, self._training = store, kind, make, training

    def seeing(self, kind: Kind) -> "TrainedNetwork":
        """The same network for features of another ``kind``, not trained yet."""
        return TrainedNetwork(self._store, kind, self._make, self._training)

    def fit(self, task: Task, training: Sequence[Clip], validation: Sequence[Clip]) -> None:
        """See ``Recogniser``.  Labels weigh alike, whatever their share of the clips."""
        import keras  # noqa: PLC0415 -- TensorFlow takes seconds

        keras.utils.set_random_seed(task.seed)
        x, truth = self._store.matrix(self._kind, training), task.truth(training)
        self.mean, self.spread = x.mean(axis=0), x.std(axis=0) + np.float32(1e-6)
        self.network = self._make(x.shape[1:], len(task.labels))
        self.network.compile(
            keras.optimizers.Adam(self._training.learning_rate),
            "sparse_categorical_crossentropy",
            steps_per_execution=_STEPS_AT_ONCE,
        )
        best = BestEpoch(self, validation, task)
        fit_to_best(best, self._scaled(x), truth, self._training.batch, self._training.epochs)

    def scores(self, clips: Sequence[Clip]) -> Floats:
        """See ``Recogniser``."""
        return scored(self.network, self._scaled(self._store.matrix(self._kind, clips)))

    @property
    def multiply_adds(self) -> int:
        """See ``Recogniser``."""
        return multiply_adds(self.network)

    def _scaled(self, x: Floats) -> Floats:
        return np.asarray((x - self.mean) / self.spread, np.float32)


class Scoring(Protocol):
    """What an epoch is chosen of."""

    network: "keras.Model"

    def scores(self, clips: Sequence[Clip]) -> Floats:
        """See ``Recogniser``."""


class BestEpoch:
    """Keeps the weights of the epoch with the greatest UAR on validation speakers."""

    def __init__(self, recogniser: Scoring, validation: Sequence[Clip], task: Task) -> None:
        self.recogniser, self._validation, self.n_labels = recogniser, validation, len(task.labels)
        self._truth = task.truth(validation)
        self._best = -1.0
        self.weights: list[Floats] = []

    def look(self, _epoch: int, _logs: object) -> None:
        """Compares the epoch that ended."""
        predictions = self.recogniser.scores(self._validation).argmax(axis=1)
        found = uar(confusion(self._truth, predictions, self.n_labels))
        if found > self._best:
            self._best, self.weights = found, self.recogniser.network.get_weights()


def fit_to_best(
    best: BestEpoch, x: Floats | NDArray[np.int32], truth: NDArray[np.int64], batch: int, epochs: int
) -> None:
    """Trains the compiled network of ``best`` on ``x`` (n, …), and gives it the weights of its best epoch."""
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    network = best.recogniser.network
    network.fit(
        x,
        truth,
        batch_size=batch,
        epochs=min(epochs, LONGEST),
        class_weight=label_weights(truth, best.n_labels),
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=best.look)],
    )
    network.set_weights(best.weights)


def label_weights(truth: NDArray[np.int64], n_labels: int) -> dict[int, float]:
    """By label the weight of its clips, so that labels weigh alike; 1 on average."""
    counts = np.bincount(truth, minlength=n_labels)
    return {label: len(truth) / (np.count_nonzero(counts) * max(1, count)) for label, count in enumerate(counts)}


def scored(network: "keras.Model", x: Floats | NDArray[np.int32]) -> Floats:
    """(n, n_labels) of ``x`` (n, …), in parts; Keras' own ``predict`` costs more than a small network."""
    parts = [np.asarray(network(x[first : first + _AT_ONCE], training=False)) for first in range(0, len(x), _AT_ONCE)]
    return np.concatenate(parts)
