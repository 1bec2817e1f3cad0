"""The smallest trunks, heads and models without a trunk that tests can compute by hand, as ``.tflite`` files.

python -m tests.tools.tiny_models        writes tests/parts/models/tiny/*.tflite (needs the extra ``convert``)

trunk_float  log-mel (1, 300, 80) float32 ──mean of two frames and a quarter of the bands──► (1, 150, 4)
trunk_int8   image (1, 188, 64, 1) int8 ──mean of eight frames and a quarter of the bands──► (1, 24, 1, 4) int8
head_*       features (1, 8) ──weights──softmax──► (1, n)
dimension_*  features (1, 8) ──weights──sigmoid──► (1, 1)
image_*      image (1, 188, 64, 1) int8 ──mean of all frames and an eighth of the bands──► (1, 8), then as above
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edged.features.logmel import Floats

FOLDER = Path(__file__).parents[1] / "parts" / "models" / "tiny"
WIDTH = 4
_DEPTH_DB = 80.0  # int8 inputs are dB above the floor of a window


def weights(n_labels: int, scale: float) -> Floats:
    """(2 * WIDTH, n_labels) of a head; label k looks at feature k, and away from the next one."""
    made = np.zeros((2 * WIDTH, n_labels), np.float32)
    for label in range(n_labels):
        made[label, label] = scale
        made[(label + 1) % len(made), label] = -scale / 2
    return made


def _quarters(n_bands: int) -> Floats:
    """(n_bands, WIDTH) that averages the bands of each quarter."""
    return np.repeat(np.eye(WIDTH, dtype=np.float32), n_bands // WIDTH, axis=0) * np.float32(WIDTH / n_bands)


def _written(name: str, compute: Callable[[Any], Any], shape: tuple[int, ...], steps_to: float | None = None) -> None:
    """Writes ``name``.tflite; input and output are int8 with ``steps_to``, the end of the input's range."""
    import tensorflow as tf  # noqa: PLC0415 -- takes seconds

    concrete = tf.function(compute).get_concrete_function(tf.TensorSpec(shape, tf.float32, name="x"))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    if steps_to is not None:
        rng = np.random.default_rng(0)

        def examples() -> Any:  # noqa: ANN401 -- TensorFlow has no types
            yield [np.full(shape, steps_to, np.float32)]
            for _ in range(20):
                yield [rng.uniform(0, steps_to, shape).astype(np.float32)]
            yield [np.zeros(shape, np.float32)]

        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = examples
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    (FOLDER / f"{name}.tflite").write_bytes(converter.convert())


def main() -> None:
    """Writes all of them."""
    import tensorflow as tf  # noqa: PLC0415 -- as above

    FOLDER.mkdir(exist_ok=True)
    float_kernel = np.stack([_quarters(80)] * 2) / 2
    int8_kernel = np.stack([_quarters(64)] * 8)[:, :, None] / 8
    _written("trunk_float", lambda x: tf.nn.conv1d(x, float_kernel, 2, "VALID"), (1, 300, 80))
    _written(
        "trunk_int8",
        lambda x: tf.nn.conv2d(tf.pad(x, [[0, 0], [0, 4], [0, 0], [0, 0]]), int8_kernel, (8, 64), "VALID"),
        (1, 188, 64, 1),
        _DEPTH_DB,
    )

    def head(n_labels: int, scale: float) -> Callable[[Any], Any]:
        return lambda x: tf.nn.softmax(x @ weights(n_labels, scale))

    for n_labels in (8, 4, 2):
        _written(f"head_float_{n_labels}", head(n_labels, 4.0), (1, 2 * WIDTH))
        _written(f"head_int8_{n_labels}", head(n_labels, 0.1), (1, 2 * WIDTH), _DEPTH_DB)
    _written("dimension_float", lambda x: tf.sigmoid(x @ weights(1, 4.0)), (1, 2 * WIDTH))
    _written("dimension_int8", lambda x: tf.sigmoid(x @ weights(1, 0.1)), (1, 2 * WIDTH), _DEPTH_DB)

    def features(x: Any) -> Any:  # noqa: ANN401 -- as above
        return tf.reshape(tf.nn.avg_pool2d(x, (188, 8), (188, 8), "VALID"), (1, 2 * WIDTH))

    _written("image_head_8", lambda x: head(8, 0.1)(features(x)), (1, 188, 64, 1), _DEPTH_DB)
    _written("image_dimension", lambda x: tf.sigmoid(features(x) @ weights(1, 0.1)), (1, 188, 64, 1), _DEPTH_DB)


if __name__ == "__main__":
    main()
