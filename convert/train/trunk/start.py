"""A quantized first model's convolutions back to the float weights of a trunk.

    m1.tflite ──int8 weights times their scales──► kernels, biases ──► trunk that computes the same

So a training can start from a shipped bundle, and the trunk keeps the convolutions of a model that was measured.
The file holds convolutions into which normalization was folded.  Each normalization gets the statistics of what its
convolution gives on training windows, and the scale and offset that undo them.
"""

import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from convert.recipes.spec import NetworkSpec
from convert.train.trunk.network import trunk
from edged.errors import UsageError, reason
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_MIN_VARIANCE = 1e-6


def started(spec: NetworkSpec, file: Path, images: Floats) -> Any:  # noqa: ANN401 - keras has no types
    """The trunk with the convolutions of ``file``; ``images`` (n, n_frames, n_bands, 1), 0..1, are training windows.

    Raises:
        UsageError: the file is of another network.
    """
    network = trunk(spec)
    convolutions = [layer for layer in network.layers if isinstance(layer, layers.Conv2D)]
    normalizations = [layer for layer in network.layers if isinstance(layer, layers.BatchNormalization)]
    folded = folded_convolutions(file)
    if [kernel.shape for kernel, _ in folded] != [tuple(layer.kernel.shape) for layer in convolutions]:
        shapes = [kernel.shape for kernel, _ in folded]
        raise UsageError(f"{file}: convolutions {shapes}, expected those of the recipe's network")
    for layer, normalization, (kernel, bias) in zip(convolutions, normalizations, folded, strict=True):
        layer.kernel.assign(kernel)
        given = np.asarray(keras.Model(network.inputs[0], layer.output)(images, training=False))
        mean, variance = given.mean(axis=(0, 1, 2)), given.var(axis=(0, 1, 2)) + _MIN_VARIANCE
        normalization.moving_mean.assign(mean)
        normalization.moving_variance.assign(variance)
        normalization.gamma.assign(np.sqrt(variance + normalization.epsilon))
        normalization.beta.assign(bias + mean)
    return network


def with_answers(tower: Any, file: Path) -> Any:  # noqa: ANN401 - keras has no types
    """``tower`` with the flattened logits of the model in ``file`` as further outputs, the same at each position.

    ``tower`` has the model's convolutions.  Where a device pools them, the mean is what the model says of the window.

    Raises:
        UsageError: the file is of another network.
    """
    layers_of_model = _layers(file, "FULLY_CONNECTED")
    n_positions, n = tower.output_shape[1:]
    if len(layers_of_model) != 1 or layers_of_model[0][0].shape[1] != 2 * n:
        shapes = [kernel.shape for kernel, _ in layers_of_model]
        raise UsageError(f"{file}: dense layers {shapes}, expected one that takes mean and maximum of {n} outputs")
    kernel, bias = layers_of_model[0]
    positions = tower.output
    pooled = [layers.GlobalAveragePooling1D(keepdims=True), layers.GlobalMaxPooling1D(keepdims=True)]
    # A convolution: the converter scales its weights by channel for all runtimes, those of a dense layer not.
    answer = layers.Conv1D(len(bias), 1, name="answer")
    answers = answer(layers.Concatenate()([pool(positions) for pool in pooled]))
    answer.set_weights([kernel.T[None], bias])
    repeated = layers.UpSampling1D(n_positions)(answers)
    return keras.Model(tower.inputs[0], layers.Concatenate()([positions, repeated]))


def folded_convolutions(file: Path) -> list[tuple[Floats, Floats]]:
    """Kernels (height, width, n_in, n_out) for an image of 0..1, and biases (n_out,), in the order they run.

    Raises:
        UsageError: the file cannot be read or is no such model.
    """
    folded = [(kernel.transpose(1, 2, 3, 0), bias) for kernel, bias in _layers(file, "CONV_2D")]
    if folded:
        folded[0] = (folded[0][0] * np.float32(GEOMETRY.top_db), folded[0][1])  # the device's image counts dB
    return folded


def _layers(file: Path, operator: str) -> list[tuple[Floats, Floats]]:
    """Weights and biases of the layers that ``operator`` computes, as they are stored, in the order they run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # TensorFlow announces that its interpreter will move
            interpreter = tf.lite.Interpreter(model_content=file.read_bytes())
        interpreter.allocate_tensors()
    except (OSError, ValueError, RuntimeError) as exc:
        raise UsageError(f"{file}: {reason(exc)}, expected a quantized model") from exc
    details = {tensor["index"]: tensor for tensor in interpreter.get_tensor_details()}
    # The list of operators is the interpreter's own and has no public name.
    steps = [step for step in interpreter._get_ops_details() if step["op_name"] == operator]  # noqa: SLF001 - as above
    found = []
    for step in steps:
        weights = _dequantized(interpreter, details[step["inputs"][1]])
        bias = step["inputs"][2]
        if bias < 0:  # the converter leaves out one of zeros
            found.append((weights, np.zeros(len(weights), np.float32)))
        else:
            found.append((weights, _dequantized(interpreter, details[bias])))
    return found


def _dequantized(interpreter: Any, tensor: dict[str, Any]) -> Floats:  # noqa: ANN401 - the runtime has no types
    values = interpreter.get_tensor(tensor["index"]).astype(np.float64)
    quantization = tensor["quantization_parameters"]
    scales = quantization["scales"].astype(np.float64)
    if len(scales) > 1:
        shape = [1] * values.ndim
        shape[quantization["quantized_dimension"]] = -1
        return np.asarray(values * scales.reshape(shape), np.float32)
    return np.asarray((values - quantization["zero_points"][0]) * scales[0], np.float32)
