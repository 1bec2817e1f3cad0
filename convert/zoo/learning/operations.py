"""A Keras network to its multiply-adds for one input: dense, convolutional, recurrent and attention layers.

    model ──layers, nested models too──► multiply-adds

Element-wise operations, pooling and look-ups are not counted, as is usual.
"""

from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def multiply_adds(model: "keras.Model") -> int:
    """Of one input, the whole of ``model``."""
    return sum(_of_layer(layer) for layer in model.layers)


def _of_layer(layer: Any) -> int:  # noqa: ANN401 -- keras has no types
    from keras import layers  # noqa: PLC0415 -- TensorFlow takes seconds

    if hasattr(layer, "layers"):
        return multiply_adds(layer)
    if isinstance(layer, layers.Bidirectional):
        return _recurrent(layer.forward_layer, layer.input.shape[1]) + _recurrent(
            layer.backward_layer, layer.input.shape[1]
        )
    if isinstance(layer, layers.LSTM):
        return _recurrent(layer, layer.input.shape[1])
    if isinstance(layer, layers.MultiHeadAttention):
        return _attention(layer)
    if isinstance(layer, layers.Conv1D | layers.Conv2D | layers.DepthwiseConv2D | layers.Dense):
        return int(prod(layer.output.shape[1:-1]) * prod(layer.kernel.shape))
    return 0


def _recurrent(layer: Any, n_steps: int) -> int:  # noqa: ANN401 -- keras has no types
    cell = layer.cell
    return int(n_steps * (prod(cell.kernel.shape) + prod(cell.recurrent_kernel.shape)))


def _attention(layer: Any) -> int:  # noqa: ANN401 -- keras has no types
    """Four projections, and for each pair of steps the product of query and key and the weighted value."""
    n_steps = layer.output.shape[1]
    kernels = [weight for weight in layer.weights if weight.name == "kernel"]
    width = layer.num_heads * layer.key_dim
    return int(n_steps * sum(prod(kernel.shape) for kernel in kernels) + 2 * n_steps * n_steps * width)
