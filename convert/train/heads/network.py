"""A head: pooled features to logits, by one hidden layer; several heads averaged are one wider head.

    features (b, n) ──standardised──► ──hidden, ReLU──► logits (b, n_labels)
    shares (b, n_labels) ──cross-entropy, AdamW──► weights

In numpy: a training takes a minute on one core, and nothing here needs TensorFlow.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convert.recipes.spec import HeadsSpec
from edged.features.logmel import Floats

_BETAS, _EPSILON = (0.9, 0.999), 1e-8
_WARMUP_STEPS = 50


@dataclass(frozen=True, slots=True)
class Head:
    """Weights of a head, or of several side by side."""

    centre: Floats  # (n,) of the features, …
    scale: Floats  # (n,) … which are divided by this
    hidden: Floats  # (n, n_hidden)
    hidden_bias: Floats
    output: Floats  # (n_hidden, n_labels)
    output_bias: Floats
    direct: tuple[int, ...] = ()  # features that are added to the logits, one a label …
    direct_weight: float = 0.0  # … with this weight

    def logits(self, features: Floats) -> Floats:
        """(b, n_labels) of ``features`` (b, n)."""
        active = np.maximum((features - self.centre) / self.scale @ self.hidden + self.hidden_bias, 0)
        logits = active @ self.output + self.output_bias
        if self.direct:
            logits = logits + np.float32(self.direct_weight) * features[:, list(self.direct)]
        return np.asarray(logits, np.float32)

    @property
    def n_parameters(self) -> int:
        """With the standardisation."""
        parts = (self.centre, self.scale, self.hidden, self.hidden_bias, self.output, self.output_bias)
        return sum(part.size for part in parts)

    @property
    def multiply_adds(self) -> int:
        """Of one window."""
        return self.hidden.size + self.output.size


def averaged(heads: Sequence[Head]) -> Head:
    """One head whose logits are the mean of those of ``heads``."""
    return Head(
        heads[0].centre,
        heads[0].scale,
        np.concatenate([head.hidden for head in heads], axis=1),
        np.concatenate([head.hidden_bias for head in heads]),
        np.concatenate([head.output for head in heads]) / np.float32(len(heads)),
        np.mean([head.output_bias for head in heads], axis=0, dtype=np.float32),
    )


class Fit:
    """A head in training."""

    def __init__(  # noqa: PLR0913, PLR0917 -- the sizes of a head, its scale, its recipe
        self, centre: Floats, scale: Floats, n_hidden: int, n_labels: int, n_steps: int, spec: HeadsSpec, seed: int
    ) -> None:
        self._rng = np.random.default_rng(seed)
        n = len(centre)
        self._centre, self._scale, self._spec, self._n_steps = centre, scale, spec, n_steps
        self._weights: list[Floats] = [
            self._rng.normal(0, np.sqrt(2 / n), (n, n_hidden)).astype(np.float32),
            np.zeros(n_hidden, np.float32),
            np.zeros((n_hidden, n_labels), np.float32),
            np.zeros(n_labels, np.float32),
        ]
        self._means = [np.zeros_like(weights) for weights in self._weights]
        self._squares = [np.zeros_like(weights) for weights in self._weights]
        self._step = 0

    @property
    def head(self) -> Head:
        """As it is now."""
        hidden, hidden_bias, output, output_bias = (weights.copy() for weights in self._weights)
        return Head(self._centre, self._scale, hidden, hidden_bias, output, output_bias)

    def step(self, features: Floats, shares: Floats, importance: Floats) -> None:
        """One step on a batch (b, n) with its ``shares`` (b, n_labels) and the ``importance`` (b,) of each window."""
        hidden, hidden_bias, output, output_bias = self._weights
        given = self._dropped((features - self._centre) / self._scale)
        before = given @ hidden + hidden_bias
        mask = np.where(before > 0, self._mask(before.shape), np.float32(0))
        active = before * mask
        slope = (softmax(active @ output + output_bias) - shares) * (importance / len(features))[:, None]
        back = slope @ output.T * mask
        gradients = (given.T @ back, back.sum(axis=0), active.T @ slope, slope.sum(axis=0))
        self._descend([np.asarray(gradient, np.float32) for gradient in gradients])

    def _descend(self, gradients: Sequence[Floats]) -> None:
        self._step += 1
        progress = self._step / self._n_steps
        rate = self._spec.learning_rate * min(1, self._step / _WARMUP_STEPS) * 0.5 * (1 + np.cos(np.pi * progress))
        for number, gradient in enumerate(gradients):
            mean, square = self._means[number], self._squares[number]
            mean += (gradient - mean) * np.float32(1 - _BETAS[0])
            square += (gradient**2 - square) * np.float32(1 - _BETAS[1])
            direction = (mean / (1 - _BETAS[0] ** self._step)) / (
                np.sqrt(square / (1 - _BETAS[1] ** self._step)) + _EPSILON
            )
            if self._weights[number].ndim > 1:
                direction = direction + self._spec.weight_decay * self._weights[number]
            self._weights[number] -= np.asarray(rate * direction, np.float32)

    def _dropped(self, given: Floats) -> Floats:
        return np.asarray(given * self._mask(given.shape), np.float32)

    def _mask(self, shape: tuple[int, ...]) -> Floats:
        rate = self._spec.dropout
        return np.asarray((self._rng.random(shape, np.float32) >= rate) / np.float32(1 - rate), np.float32)


def softmax(logits: Floats) -> Floats:
    """(b, n_labels) shares, sum 1."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)
