"""The small CNN: a log-mel image to logits, with operations that int8 supports.

    (188, 64, 1) 0..1 for -80..0 dB ──► convolutions over time and bands ──► bands folded into channels (t, 1, c)
        ──convolutions over time──► mean and maximum over time ──► a dense layer for each head

Folding gives each remaining band its own weights: the position of energy on the band axis matters, its time does not.
Heads other than ``label`` train the trunk and are cut off before quantization.  A window's floor is 0, so the zeros
with which convolutions pad are silence; for the device the scale is folded into the stem's kernel.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from convert.recipes.spec import NetworkSpec
from edged.features.geometry import GEOMETRY

HEAD = "label"
FLATTENING, _FLATTENING_OF_TWO = 5.0, 6.0  # of two labels, the scores change fastest with the logits
_STEM = "stem"


class FusedBatchNormalization(layers.BatchNormalization):  # type: ignore[misc] # keras has no types
    """Keras' batch normalization with TensorFlow's fused operation in training: a step takes a quarter less time."""

    def call(
        self,
        inputs: Any,  # noqa: ANN401 - a tensor
        training: bool | None = None,  # noqa: FBT001 - as Keras passes it
        mask: Any = None,  # noqa: ANN401 - a tensor
    ) -> Any:  # noqa: ANN401 - a tensor
        """``inputs`` normalized, in training by the batch's statistics."""
        if not training:
            return super().call(inputs, training=training, mask=mask)
        scale, offset = tf.convert_to_tensor(self.gamma), tf.convert_to_tensor(self.beta)
        normalized, mean, variance = tf.compat.v1.nn.fused_batch_norm(inputs, scale, offset, epsilon=self.epsilon)
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + batch * (1 - self.momentum))
        return normalized


def convolutions(spec: NetworkSpec) -> tuple[Any, Any]:
    """The input (batch, n_frames, n_bands, 1), 0..1, and the convolutions' output (batch, n_positions, 1, n)."""
    inputs = keras.Input((GEOMETRY.n_frames, GEOMETRY.n_bands, 1), name="logmel")
    x = _convolution(inputs, spec.stem, spec.stem_kernel, spec.stem_stride, name=_STEM)
    for channels, stride, kind in spec.blocks:
        x = _block(x, channels, stride, kind)
    if spec.fold:
        x = _convolution(x, spec.fold, (1, x.shape[2]), padding="valid")
    for channels in spec.temporal:
        x = _residual(x, _convolution(x, channels, (spec.temporal_kernel, 1), active=x.shape[-1] != channels))
    return inputs, x


def network(spec: NetworkSpec, n_labels: int, extra_heads: tuple[str, ...] = ()) -> Any:  # noqa: ANN401 - keras has no types
    """A model from (batch, n_frames, n_bands, 1), 0..1, to a dict of logits by head."""
    inputs, x = convolutions(spec)
    x = layers.Dropout(spec.dropout)(_pooled(x, spec.pooling))
    outputs = {HEAD: layers.Dense(n_labels, name=HEAD)(x)}
    for head in extra_heads:
        outputs[head] = layers.Dense(1, name=head)(x)
    return keras.Model(inputs, outputs)


def scoring(model: Any) -> Any:  # noqa: ANN401 - keras has no types
    """``model`` from images to the scores of its labels, other heads cut off.

    The scores are flattened: their logits are divided by 5 or 6, which the manifest's temperatures reverse.  An int8
    score can then distinguish the unlikely from the impossible, and a logit that two runtimes round differently by one
    step changes a score by at most two steps (measured: up to ten without the division).
    """
    logits = model.get_layer(HEAD).output
    flattening = FLATTENING if logits.shape[-1] > 2 else _FLATTENING_OF_TWO  # noqa: PLR2004 - two labels
    flat = layers.Rescaling(1 / flattening)(logits)
    return keras.Model(model.inputs[0], layers.Softmax(name="scores")(flat))


def for_device(model: Any) -> Any:  # noqa: ANN401 - keras has no types
    """The network to quantize: ``model``, changed to take one image in dB above the window's floor, 0..80."""
    stem = model.get_layer(_STEM)
    stem.kernel.assign(stem.kernel / GEOMETRY.top_db)
    one = keras.Input(batch_shape=(1, *model.inputs[0].shape[1:]), name="logmel")
    return keras.Model(one, model(one))


def multiply_adds(model: Any) -> int:  # noqa: ANN401 - keras has no types
    """Multiply-adds of all convolutions and dense layers for one window."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D | layers.Conv2D):
            total += layer.output.shape[1] * layer.output.shape[2] * layer.kernel.shape.num_elements()
        elif isinstance(layer, layers.Dense):
            total += layer.kernel.shape.num_elements()
    return int(total)


def _convolution(  # noqa: PLR0913 - they are a convolution's parameters
    x: Any,  # noqa: ANN401 - keras has no types
    channels: int,
    kernel: int | tuple[int, int],
    stride: int | tuple[int, int] = 1,
    *,
    depthwise: bool = False,
    active: bool = True,
    padding: str = "same",
    name: str | None = None,
) -> Any:  # noqa: ANN401 - keras has no types
    if depthwise:
        x = layers.DepthwiseConv2D(kernel, strides=stride, padding=padding, use_bias=False)(x)
    else:
        x = layers.Conv2D(channels, kernel, strides=stride, padding=padding, use_bias=False, name=name)(x)
    x = FusedBatchNormalization(momentum=0.95, epsilon=1e-3)(x)
    return layers.ReLU(6.0)(x) if active else x


def _block(x: Any, channels: int, stride: int, kind: str) -> Any:  # noqa: ANN401 - keras has no types
    adds = stride == 1 and x.shape[-1] == channels
    if kind == "plain":
        return _residual(x, _convolution(x, channels, 3, stride, active=not adds))
    if kind == "separable":
        y = _convolution(x, channels, 3, stride, depthwise=True, active=False)
        return _residual(x, _convolution(y, channels, 1, active=not adds))
    raise ValueError(f"block {kind!r}, expected plain or separable")


def _residual(x: Any, y: Any) -> Any:  # noqa: ANN401 - keras has no types
    if x.shape != y.shape:
        return y
    return layers.ReLU(6.0)(layers.Add()([x, y]))


def _pooled(x: Any, pooling: str) -> Any:  # noqa: ANN401 - keras has no types
    mean = layers.GlobalAveragePooling2D()(x)
    if pooling == "mean":
        return mean
    if pooling == "mean_max":
        return layers.Concatenate()([mean, layers.GlobalMaxPooling2D()(x)])
    raise ValueError(f"pooling {pooling!r}, expected mean or mean_max")
