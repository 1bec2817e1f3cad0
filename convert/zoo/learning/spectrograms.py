"""A network on spectrograms to a ``Recogniser``: augmented clips, further heads, and augmented copies when it scores.

    clips ──log-mel, noise, stretch, pitch, masks──► images (n, 188, 64, 1) in 0..1
        ──network──► logits of the label, and of heads ──L0 + sum(exp(-s_i) L_i + s_i), s = softmax(theta)──► loss
    a clip and k augmented copies of it ──mean of their probabilities──► scores (n, n_labels)

Each further head's loss L_i, of a sigmoid, weighs exp(-s_i), which is learned.  The epoch is chosen on validation
speakers.  The store keeps the weights of the last training, so that a row with augmented copies needs no second one.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.augment import logmel
from convert.corpora.clip import Clip
from convert.data import dataset
from convert.recipes.spec import AugmentSpec
from convert.zoo.features.spectrogram import SPECTROGRAM
from convert.zoo.features.store import Store, Trained
from convert.zoo.learning import heads as further
from convert.zoo.learning import trained_network
from convert.zoo.learning.operations import multiply_adds
from convert.zoo.learning.trained_network import BestEpoch, label_weights
from convert.zoo.recogniser import Task
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

if TYPE_CHECKING:
    import keras

LABEL = "label"
AUGMENT = AugmentSpec(mixup_p=0.0)  # speed and stretch, bands shifted as by pitch, noise, masks
_AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A network and how it is trained."""

    make: Callable[[int, Sequence[str]], "keras.Model"]  # of the number of labels, and the further heads
    epochs: int
    batch: int = 32
    learning_rate: float = 1e-3
    multitask: bool = False
    n_copies: int = 0  # augmented copies of a clip that is scored


class SpectrogramNetwork:
    """A network whose input is the device's image in 0..1 and whose outputs are logits by head."""

    network: "keras.Model"

    def __init__(self, design: Design, store: Store) -> None:
        self._design, self._store = design, store

    def fit(self, task: Task, training: Sequence[Clip], validation: Sequence[Clip]) -> None:
        """See ``Recogniser``."""
        import keras  # noqa: PLC0415 -- TensorFlow takes seconds

        design = self._design
        keras.utils.set_random_seed(task.seed)
        self._seed, self._n_copies = task.seed, 0
        self._heads = further.present(training) if design.multitask else ()
        self.network = design.make(len(task.labels), self._heads)
        key = (replace(design, n_copies=0), task, tuple(clip.id for clip in training))
        last = self._store.last
        if last is not None and last.key == key:
            self._store.saved_s += last.seconds
        else:
            began_s, best = time.process_time(), BestEpoch(self, validation, task)
            self._train(task, training, best)
            last = Trained(key, best.weights, time.process_time() - began_s)
            self._store.last = last
        self.network.set_weights(last.weights)
        self._n_copies = design.n_copies

    def scores(self, clips: Sequence[Clip]) -> Floats:
        """See ``Recogniser``."""
        images = self._store.matrix(SPECTROGRAM, clips)[..., None]
        total = self._probabilities(images)
        if self._n_copies:
            clips_frames, rng = dataset.load(clips, self._store.cache), np.random.default_rng(self._seed)
            for _ in range(self._n_copies):
                total += self._probabilities(_augmented(clips_frames, np.arange(len(clips)), rng))
        return np.asarray(total / (1 + self._n_copies), np.float32)

    @property
    def multiply_adds(self) -> int:
        """See ``Recogniser``."""
        return multiply_adds(self.network) * (1 + self._n_copies)

    def _train(self, task: Task, training: Sequence[Clip], best: BestEpoch) -> None:
        truth, rng = task.truth(training), np.random.default_rng(task.seed)
        frames, values = dataset.load(training, self._store.cache), further.targets(training, self._heads)
        by_label = label_weights(truth, len(task.labels))
        weights = np.array([by_label[label] for label in truth.tolist()], np.float32)
        step = _step(self.network, self._heads, self._design.learning_rate)
        for epoch in range(min(self._design.epochs, trained_network.LONGEST)):
            order = rng.permutation(len(training))
            for first in range(0, len(order) - 1, self._design.batch):  # a batch of one has no variance
                rows = order[first : first + self._design.batch]
                step(_augmented(frames, rows, rng), truth[rows], weights[rows], values[rows])
            best.look(epoch, None)

    def _probabilities(self, images: Floats) -> Floats:
        parts = []
        for first in range(0, len(images), _AT_ONCE):
            logits = np.asarray(self.network(images[first : first + _AT_ONCE], training=False)[LABEL], np.float64)
            powers = np.exp(logits - logits.max(axis=1, keepdims=True))
            parts.append(powers / powers.sum(axis=1, keepdims=True))
        return np.concatenate(parts)


def _augmented(frames: dataset.Dataset, rows: Any, rng: np.random.Generator) -> Floats:  # noqa: ANN401 -- indices
    """(len(rows), 188, 64, 1) in 0..1."""
    decibels = logmel.augmented(frames.frames, frames.start[rows], frames.length[rows], AUGMENT, rng)
    return np.asarray(1 + decibels[..., None] / GEOMETRY.top_db, np.float32)


def _step(network: "keras.Model", heads: Sequence[str], rate: float) -> Callable[..., None]:
    """A step of training; the weights of the heads' losses are learned with the network's."""
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds
    import tensorflow as tf  # noqa: PLC0415 -- as above

    theta = tf.Variable(tf.zeros(len(heads)), name="theta")
    optimizer = keras.optimizers.Adam(rate)
    variables = [*network.trainable_variables, *([theta] if heads else [])]
    optimizer.build(variables)

    def step(images: Any, truth: Any, weights: Any, values: Any) -> None:  # noqa: ANN401 -- tensors
        with tf.GradientTape() as tape:
            outputs = network(images, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(truth, outputs[LABEL])
            of_heads = [_loss(tf, values[:, number], outputs[head][:, 0]) for number, head in enumerate(heads)]
            loss = multitask_loss(tf.reduce_mean(losses * weights), of_heads, theta)
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))

    compiled: Callable[..., None] = tf.function(step, reduce_retracing=True, autograph=False)
    return compiled


def multitask_loss(of_label: Any, of_heads: Sequence[Any], theta: Any) -> Any:  # noqa: ANN401 -- tensors
    """L0 + sum(exp(-s_i) L_i + s_i) with s = softmax(``theta``), of losses that are means over a batch."""
    import tensorflow as tf  # noqa: PLC0415 -- it takes seconds

    doubt, loss = tf.nn.softmax(theta), of_label
    for number, own in enumerate(of_heads):
        loss += tf.exp(-doubt[number]) * own + doubt[number]
    return loss


def _loss(tf: Any, values: Any, logits: Any) -> Any:  # noqa: ANN401 -- tensors
    """The mean cross entropy over the clips that have a value."""
    known = tf.cast(tf.math.is_finite(values), tf.float32)
    safe = tf.where(known > 0, values, tf.zeros_like(values))
    losses = tf.nn.sigmoid_cross_entropy_with_logits(safe, logits)
    return tf.reduce_sum(losses * known) / tf.maximum(tf.reduce_sum(known), 1.0)
