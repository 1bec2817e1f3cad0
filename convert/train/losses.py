"""The loss of a network: labels, a teacher's scores, and the heads that are cut off later.

    logits by head, targets ──► mean cross-entropy of the labels, and the total loss

A teacher's scores are matched at a temperature, which shows how close the unlikely labels are (Hinton et al.  2015).
The square of the temperature scales the gradient to that of the labels.  The weights of the heads are the recipe's, or
learned as the noise of each task (Kendall et al.  2018).
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from convert.recipes.spec import Recipe
from convert.train.networks import HEAD

GENDER, LEVEL = "gender", "level"
WEIGHTS = "loss_weights"


class Objective:
    """The loss of ``recipe``; ``variables`` are trained with the network where the recipe learns the weights."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self.heads = heads(recipe)
        weights = {GENDER: recipe.gender_weight, LEVEL: recipe.level_weight}
        start = np.array([0.0, *(-np.log(weights[head]) for head in self.heads)], np.float32)
        self.variables = [keras.Variable(start, name=WEIGHTS)] if recipe.learned_weights else []
        self._fixed = np.exp(-start)

    def __call__(self, out: Any, labels: Any, targets: Any, soft: Any) -> tuple[Any, Any]:  # noqa: ANN401 - tensors
        """Mean cross-entropy of ``labels`` (b, n), and the whole loss; ``targets`` (b, 4), ``soft`` (b, n) shares."""
        logits = out[HEAD]
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, logits))
        losses = [self._distilled(loss, logits, soft)]
        for head in self.heads:
            if head == GENDER:
                miss = tf.nn.sigmoid_cross_entropy_with_logits(targets[:, 0:1], out[GENDER])
                losses.append(tf.reduce_mean(targets[:, 1:2] * miss))
            else:
                losses.append(tf.reduce_mean(targets[:, 3:4] * tf.square(out[LEVEL] - targets[:, 2:3])))
        if self.variables:
            noise = tf.convert_to_tensor(self.variables[0])
            return loss, tf.reduce_sum(tf.exp(-noise) * tf.stack(losses) + noise / 2)
        return loss, tf.add_n([weight * part for weight, part in zip(self._fixed, losses, strict=True)])

    def _distilled(self, loss: Any, logits: Any, soft: Any) -> Any:  # noqa: ANN401 - tensors
        if not self._recipe.teacher.seeds:
            return loss
        share, temperature = self._recipe.teacher.share, self._recipe.teacher.temperature
        distance = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(soft, logits / temperature))
        return (1 - share) * loss + share * temperature**2 * distance


def heads(recipe: Recipe) -> tuple[str, ...]:
    """The heads beside the labels that ``recipe`` trains."""
    weights = {GENDER: recipe.gender_weight, LEVEL: recipe.level_weight}
    return tuple(head for head, weight in weights.items() if weight)
