"""The trunk: a log-mel image to features of short stretches of time, and to their mean and spread.

    (188, 64, 1) 0..1 ──the convolutions of a first model──► positions (24, 96), one each 8 frames
    positions ──mean and spread over those in which somebody speaks──► features (192,)

The device pools outside the network, in ``edged.features``; here the training computes the same.
"""

import math
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from convert.recipes.spec import NetworkSpec
from convert.train.networks import convolutions
from edged.features.geometry import GEOMETRY

_FEW = 5  # active positions; with fewer, all count
_SILENT_DB = -120.0  # of frames that fill up the last position
_MIN_POWER, _MIN_VARIANCE = 1e-12, 1e-6


def trunk(spec: NetworkSpec) -> Any:  # noqa: ANN401 - keras has no types
    """A model from (batch, n_frames, n_bands, 1), 0..1, to (batch, n_positions, n)."""
    inputs, x = convolutions(spec)
    return keras.Model(inputs, layers.Reshape((x.shape[1], x.shape[3]), name="positions")(x))


def activity(images: Any, n_positions: int, active_db: float) -> Any:  # noqa: ANN401 - tensors
    """(batch, n_positions) 1 where somebody speaks in ``images`` (batch, n_frames, n_bands, 1), else 0."""
    decibels = (images[..., 0] - 1) * GEOMETRY.top_db
    power = tf.reduce_mean(tf.exp(decibels * (math.log(10) / 10)), axis=2)
    levels = tf.math.log(power + _MIN_POWER) * (10 / math.log(10))
    size = -(-GEOMETRY.n_frames // n_positions)
    filled = tf.pad(levels, [[0, 0], [0, size * n_positions - GEOMETRY.n_frames]], constant_values=_SILENT_DB)
    by_position = tf.reduce_max(tf.reshape(filled, (-1, n_positions, size)), axis=2)
    active = tf.cast(by_position >= tf.reduce_max(by_position, axis=1, keepdims=True) - active_db, tf.float32)
    return tf.where(tf.reduce_sum(active, axis=1, keepdims=True) < _FEW, tf.ones_like(active), active)


def pooled(positions: Any, active: Any) -> Any:  # noqa: ANN401 - tensors
    """(batch, 2 n) mean and spread of ``positions`` (batch, n_positions, n) where ``active`` is 1."""
    share = (active / tf.reduce_sum(active, axis=1, keepdims=True))[..., None]
    mean = tf.reduce_sum(positions * share, axis=1)
    variance = tf.reduce_sum(tf.square(positions - mean[:, None]) * share, axis=1)
    return tf.concat([mean, tf.sqrt(tf.maximum(variance, _MIN_VARIANCE))], axis=1)
