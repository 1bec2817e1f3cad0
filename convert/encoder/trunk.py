"""The encoder's weights to the trunk that a device runs: a TFLite file with weights in int8 and sums in float.

    log-mel (1, 300, 80) float32 ──two convolutions, half layers──► chosen outputs side by side (1, 150, n * 384)

The equations are those of ``network.py``, written so that few and only fast kernels run: every product is a convolution
over one position, whose weights the converter scales by channel and which both runtimes load.

Dynamic range, not full integer: GELU, layer norm and the attention's products have no fast int8 kernels, so that the
full-integer file takes 2.7 times as long and is no smaller (LOG.md).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from convert.encoder.network import N_HEADS, N_MELS, NORM_EPSILON
from convert.encoder.weights import Dense, Layer, Norm, Weights
from edged.features.logmel import Floats

N_FRAMES = 300  # of a window: 3 s
N_POSITIONS = N_FRAMES // 2


def trunk(weights: Weights, outputs: Sequence[int]) -> bytes:
    """The ``.tflite`` file that returns ``outputs``, concatenated and counted by half layers.

    0 is after the convolutions, 1 after the attention of the first layer, 2 after all of the first layer, 3 after the
    attention of the second, and so on.  Later layers are left out.
    """
    import tensorflow as tf  # noqa: PLC0415 -- takes seconds
    from tensorflow.python.framework.convert_to_constants import (  # noqa: PLC0415 -- TensorFlow
        convert_variables_to_constants_v2,
    )

    network = tf.function(lambda given: _outputs(tf, given, weights, outputs))
    concrete = network.get_concrete_function(tf.TensorSpec((1, N_FRAMES, N_MELS), tf.float32, name="log_mel"))
    frozen = convert_variables_to_constants_v2(concrete)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())


def parameters(weights: Weights, outputs: Sequence[int]) -> int:
    """Weights of the trunk, positions with them."""
    width = weights.positions.shape[1]
    total = N_POSITIONS * width + sum(one.kernel.size + one.bias.size for one in (weights.conv1, weights.conv2))
    for products, norm in _halves(weights, max(outputs)):
        total += 2 * norm.scale.size + sum(one.kernel.size + one.bias.size for one in products)
    return total


def multiply_adds(weights: Weights, outputs: Sequence[int]) -> int:
    """The multiply-adds of one window."""
    total = N_FRAMES * weights.conv1.kernel.size + N_POSITIONS * weights.conv2.kernel.size
    for index, (products, _) in enumerate(_halves(weights, max(outputs))):
        total += N_POSITIONS * sum(one.kernel.size for one in products)
        if index % 2 == 0:  # attention: scores, and the mixture of the values
            total += 2 * N_POSITIONS**2 * weights.positions.shape[1]
    return total


def _halves(weights: Weights, count: int) -> list[tuple[tuple[Dense, ...], Norm]]:
    """The products and the norm of the first ``count`` half layers."""
    halves: list[tuple[tuple[Dense, ...], Norm]] = []
    for layer in weights.layers:
        halves.append(((layer.query, layer.key, layer.value, layer.output), layer.attention_norm))
        halves.append(((layer.expand, layer.contract), layer.feed_forward_norm))
    return halves[:count]


def _outputs(tf: Any, given: Any, weights: Weights, outputs: Sequence[int]) -> Any:  # noqa: ANN401 -- TensorFlow has no types
    width = weights.positions.shape[1]
    x = tf.reshape(tf.pad(given, [[0, 0], [1, 1], [0, 0]]), (1, 1, N_FRAMES + 2, N_MELS))
    x = tf.nn.gelu(_convolved(tf, x, weights.conv1.kernel[None], weights.conv1.bias), approximate=False)
    # A stride of 2 with a position of padding on the left, as in training; the framework pads on the right.
    x = tf.pad(x, [[0, 0], [0, 0], [1, 0], [0, 0]])
    x = tf.nn.gelu(_convolved(tf, x, weights.conv2.kernel[None], weights.conv2.bias, 2), approximate=False)
    x = tf.reshape(x, (1, N_POSITIONS, width)) + weights.positions[-N_POSITIONS:]
    halves = [x]
    for number in range(max(outputs)):
        layer = weights.layers[number // 2]
        x += _fed_forward(tf, x, layer) if number % 2 else _attended(tf, x, layer)
        halves.append(x)
    return tf.concat([halves[number] for number in outputs], axis=-1) if len(outputs) > 1 else halves[outputs[0]]


def _attended(tf: Any, x: Any, layer: Layer) -> Any:  # noqa: ANN401 -- as above
    width = x.shape[-1]
    size = width // N_HEADS
    scale = np.float32(size**-0.5)
    normed = _normed(tf, x, layer.attention_norm)

    def heads(projection: Dense, order: tuple[int, ...]) -> Any:  # noqa: ANN401 -- as above
        return tf.transpose(tf.reshape(_projected(tf, normed, projection), (1, N_POSITIONS, N_HEADS, size)), order)

    query = heads(Dense(layer.query.kernel * scale, layer.query.bias * scale), (0, 2, 1, 3))
    # The second factor is transposed here, because TFLite's own transposition is slower.
    shares = tf.nn.softmax(tf.matmul(query, heads(layer.key, (0, 2, 3, 1))))
    mixed = tf.transpose(tf.matmul(shares, heads(layer.value, (0, 2, 1, 3))), (0, 2, 1, 3))
    return _projected(tf, tf.reshape(mixed, (1, N_POSITIONS, width)), layer.output)


def _fed_forward(tf: Any, x: Any, layer: Layer) -> Any:  # noqa: ANN401 -- as above
    hidden = _projected(tf, _normed(tf, x, layer.feed_forward_norm), layer.expand)
    return _projected(tf, tf.nn.gelu(hidden, approximate=False), layer.contract)


def _normed(tf: Any, x: Any, norm: Norm) -> Any:  # noqa: ANN401 -- as above
    # The axis as a list with a non-negative number: XNNPACK supports no other mean.
    centred = x - tf.reduce_mean(x, axis=[2], keepdims=True)
    scaled = centred * tf.math.rsqrt(tf.reduce_mean(centred * centred, axis=[2], keepdims=True) + NORM_EPSILON)
    return scaled * norm.scale + norm.offset


def _projected(tf: Any, x: Any, projection: Dense) -> Any:  # noqa: ANN401 -- as above
    given = tf.reshape(x, (1, 1, N_POSITIONS, x.shape[-1]))
    projected = _convolved(tf, given, projection.kernel[None, None], projection.bias)
    return tf.reshape(projected, (1, N_POSITIONS, projection.kernel.shape[1]))


def _convolved(tf: Any, x: Any, kernel: Floats, bias: Floats, stride: int = 1) -> Any:  # noqa: ANN401 -- as above
    return tf.nn.conv2d(x, kernel, (1, stride), "VALID") + bias
