"""Heads to the ``.tflite`` files of a bundle.

    Head ──standardisation, two products of int8 weights, flattened softmax──► scores (1, n_labels) float32

The scores are flattened like those of the small networks, see ``convert.train.networks``: the manifest's temperatures
reverse it.  Both products are convolutions of one position, whose weights the converter scales by channel and which
both runtimes load.
"""

from typing import Any

import numpy as np

from convert.train.heads.network import Head
from edged.features.logmel import Floats

FLATTENING = 5.0


def head_file(head: Head) -> bytes:
    """From features (1, n) float32 to scores (1, n_labels) float32."""
    import tensorflow as tf  # noqa: PLC0415 -- takes seconds

    centre, inverse = tf.constant(head.centre), tf.constant(np.float32(1) / head.scale)

    def scores(features: Any) -> Any:  # noqa: ANN401 -- TensorFlow has no types
        given = tf.reshape((features - centre) * inverse, (1, 1, 1, len(head.centre)))
        hidden = tf.nn.relu(_product(tf, given, head.hidden, head.hidden_bias))
        logits = _product(tf, hidden, head.output / np.float32(FLATTENING), head.output_bias / np.float32(FLATTENING))
        logits = tf.reshape(logits, (1, len(head.output_bias)))
        if head.direct:
            logits += tf.gather(features, head.direct, axis=1) * np.float32(head.direct_weight / FLATTENING)
        return tf.nn.softmax(logits)

    return _converted(tf, scores, len(head.centre))


def dimension_file(head: Head) -> bytes:
    """From features (1, n) float32 to a degree (1, 1) in 0..1, of a head of two outputs: none of it, and all of it."""
    import tensorflow as tf  # noqa: PLC0415 -- takes seconds

    centre, inverse = tf.constant(head.centre), tf.constant(np.float32(1) / head.scale)
    output, bias = (head.output[:, 1:] - head.output[:, :1]), head.output_bias[1:] - head.output_bias[:1]

    def degree(features: Any) -> Any:  # noqa: ANN401 -- TensorFlow has no types
        given = tf.reshape((features - centre) * inverse, (1, 1, 1, len(head.centre)))
        hidden = tf.nn.relu(_product(tf, given, head.hidden, head.hidden_bias))
        return tf.sigmoid(tf.reshape(_product(tf, hidden, output, bias), (1, 1)))

    return _converted(tf, degree, len(head.centre))


def _converted(tf: Any, compute: Any, n_features: int) -> bytes:  # noqa: ANN401 -- as above
    network = tf.function(compute)
    concrete = network.get_concrete_function(tf.TensorSpec((1, n_features), tf.float32, name="features"))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())


def _product(tf: Any, given: Any, kernel: Floats, bias: Floats) -> Any:  # noqa: ANN401 -- as above
    return tf.nn.conv2d(given, kernel[None, None], 1, "VALID") + bias
