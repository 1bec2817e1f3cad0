"""SimAM, an attention without weights (Yang et al. 2021, ICML): each value by how far it is from its channel's mean.

x (batch, h, w, c) ──x * sigmoid((x - mean)^2 / (4 (var + lambda)) + 1/2)──► (batch, h, w, c)
"""

from typing import Any

import keras

LAMBDA = 1e-4


class SimAM(keras.layers.Layer):  # type: ignore[misc] # keras has no types
    """The attention as one layer; mean and variance are of one clip's channel."""

    def call(self, x: Any) -> Any:  # noqa: ANN401 - a tensor
        """``x`` weighed."""
        ops = keras.ops
        distance = ops.square(x - ops.mean(x, axis=(1, 2), keepdims=True))
        variance = ops.mean(distance, axis=(1, 2), keepdims=True)
        # A division has no int8 kernel in tflite-runtime; a root's inverse has one in both runtimes.
        inverse = ops.rsqrt(4 * (variance + LAMBDA))
        return x * ops.sigmoid(distance * inverse * inverse + 0.5)
