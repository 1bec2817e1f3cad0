"""Networks of the image to full-integer files, or an error that names the operation without an int8 form.

Fitted, windows ──dB, softmax or sigmoid, int8──► m1.tflite, arousal.tflite …, loaded on every runtime
"""

import re
import tempfile
import warnings
from collections.abc import Mapping
from typing import Any

from convert.own.device.networks import Fitted
from convert.score import clip_scores
from convert.score.isolated import apart
from convert.train.networks import FLATTENING
from convert.train.quantize import converted
from convert.zoo.learning.operations import multiply_adds
from edged.errors import ModelError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

LABEL = "m1"
_OPERATION = re.compile(r"'((?:tf|tfl)\.[A-Za-z_.0-9]+)' op|[Cc]ustom ops: ([A-Za-z0-9_, ]+)|op: ([A-Z_0-9]+)")
_MAX_REASON = 200  # characters of the converter's message


def int8_files(name: str, made: Fitted, representative: Floats) -> tuple[dict[str, bytes], dict[str, dict[str, int]]]:
    """Files and sizes of the labels' model, called ``m1``, and of each dimension.

    Raises:
        ModelError: the network has an operation without an int8 form, or a runtime does not load the file.
    """
    import keras  # noqa: PLC0415 - TensorFlow takes seconds

    flat = keras.layers.Softmax()(keras.layers.Rescaling(1 / FLATTENING)(made.logits))
    degrees = {one: keras.layers.Activation("sigmoid")(logits) for one, logits in made.dimensions.items()}
    networks = {LABEL: keras.Model(made.images, flat)}
    networks |= {one: keras.Model(made.images, degree) for one, degree in degrees.items()}
    contents = {one: _int8(name, network, representative) for one, network in networks.items()}
    sizes = {
        one: {"parameters": int(network.count_params()), "multiply_adds": multiply_adds(network)}
        for one, network in networks.items()
    }
    prove({one: (contents[one], network.output.shape[-1]) for one, network in networks.items()}, name)
    return contents, sizes


def prove(files: Mapping[str, tuple[bytes, int]], name: str) -> None:
    """Loads each file, with so many outputs, as a device does.

    Raises:
        ModelError: a runtime has no such operation, or the file does not fit the device.
    """
    contents = {one: content for one, (content, _) in files.items()}
    try:
        apart(clip_scores.prove_loads, contents, {one: count for one, (_, count) in files.items()})
    except ModelError as exc:
        raise ModelError(f"network {name}: {exc}") from exc


def _int8(name: str, network: Any, representative: Floats) -> bytes:  # noqa: ANN401 - keras has no types
    import keras  # noqa: PLC0415 - TensorFlow takes seconds

    one = keras.Input(batch_shape=(1, GEOMETRY.n_frames, GEOMETRY.n_bands, 1), name="logmel")
    of_decibels = keras.Model(one, network(keras.layers.Rescaling(1 / GEOMETRY.top_db)(one)))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        of_decibels.export(folder, verbose=False)
        warnings.filterwarnings("ignore", "Statistics for quantized inputs were expected", UserWarning)
        try:
            return converted(folder, representative)
        except Exception as exc:  # the converter raises many kinds, some of them its own
            raise ModelError(f"network {name}: no int8 file: {_reason(exc)}") from exc


def _reason(exc: Exception) -> str:
    """The operation that the converter names, or the beginning of what it says."""
    found = dict.fromkeys(one for groups in _OPERATION.findall(str(exc)) for one in groups if one)
    text = str(exc).strip() or type(exc).__name__
    return f"{', '.join(found)} has no int8 form" if found else text.splitlines()[0][:_MAX_REASON]
