"""The encoder's weights to a Keras network over windows of any length.

    log-mel (batch, n_frames, 80) ──two convolutions, the second of stride 2──► (batch, n_frames / 2, 384)
        ──positions, layers──► one output (batch, n_frames / 2, 384) after the convolutions and after each layer

The network was trained on 8 s with the speech at the end, so a shorter window takes the last of its positions: the
newest sound is then at the same position as in training.  Its equations are those of Whisper's encoder (Radford et al.
2022, arXiv 2212.04356): GELU by the error function, pre-norm layers, six heads of 64.
"""

from typing import TYPE_CHECKING

import numpy as np

from convert.encoder.weights import Dense, Layer, Norm, Weights

if TYPE_CHECKING:
    import keras

N_MELS = 80
N_HEADS = 6
NORM_EPSILON = 1e-5


def encoder(weights: Weights, n_frames: int, n_layers: int) -> "keras.Model":
    """A model of (batch, n_frames, 80) float32 to a list of n_layers + 1 outputs (batch, n_frames // 2, 384).

    Raises:
        ValueError: ``n_frames`` is odd or longer than the encoder's positions, or it has fewer layers.
    """
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    n_positions = n_frames // 2
    if n_frames % 2 or n_positions > len(weights.positions) or n_layers > len(weights.layers):
        raise ValueError(
            f"n_frames {n_frames}, n_layers {n_layers}: expected an even number up to {2 * len(weights.positions)}"
            f" and up to {len(weights.layers)}"
        )
    given = keras.Input((n_frames, N_MELS), name="log_mel")
    x = _convolved(given, weights.conv1, 1, "conv1")
    x = _convolved(x, weights.conv2, 2, "conv2")
    x = x + weights.positions[-n_positions:]
    outputs = [x]
    for index, layer in enumerate(weights.layers[:n_layers]):
        x = _transformed(x, layer, f"layer{index + 1}")
        outputs.append(x)
    return keras.Model(given, outputs)


def _convolved(x: "keras.KerasTensor", weights: Dense, stride: int, name: str) -> "keras.KerasTensor":
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    padded = keras.layers.ZeroPadding1D(1)(x)
    layer = keras.layers.Conv1D(weights.kernel.shape[2], 3, stride, name=name)
    y = layer(padded)
    layer.set_weights([weights.kernel, weights.bias])
    return keras.activations.gelu(y, approximate=False)


def _transformed(x: "keras.KerasTensor", weights: Layer, name: str) -> "keras.KerasTensor":
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    normed = _normed(x, weights.attention_norm, f"{name}_attention_norm")
    n_positions, width = x.shape[1:]
    size = width // N_HEADS

    def heads(projection: Dense, part: str) -> "keras.KerasTensor":
        split = keras.layers.Reshape((n_positions, N_HEADS, size))(_projected(normed, projection, f"{name}_{part}"))
        return keras.layers.Permute((2, 1, 3))(split)

    query, key, value = heads(weights.query, "query"), heads(weights.key, "key"), heads(weights.value, "value")
    scores = keras.ops.matmul(query * np.float32(size**-0.5), keras.ops.transpose(key, (0, 1, 3, 2)))
    mixed = keras.layers.Permute((2, 1, 3))(keras.ops.matmul(keras.ops.softmax(scores), value))
    x = x + _projected(keras.layers.Reshape((n_positions, width))(mixed), weights.output, f"{name}_output")
    normed = _normed(x, weights.feed_forward_norm, f"{name}_feed_forward_norm")
    hidden = keras.activations.gelu(_projected(normed, weights.expand, f"{name}_expand"), approximate=False)
    return x + _projected(hidden, weights.contract, f"{name}_contract")


def _projected(x: "keras.KerasTensor", weights: Dense, name: str) -> "keras.KerasTensor":
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    layer = keras.layers.Dense(weights.kernel.shape[1], name=name)
    y = layer(x)
    layer.set_weights([weights.kernel, weights.bias])
    return y


def _normed(x: "keras.KerasTensor", weights: Norm, name: str) -> "keras.KerasTensor":
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    layer = keras.layers.LayerNormalization(epsilon=NORM_EPSILON, name=name)
    y = layer(x)
    layer.set_weights([weights.scale, weights.offset])
    return y
