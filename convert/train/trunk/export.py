"""Trained trunks to one full-integer TFLite file.

trunks, representative windows ──one image in dB, outputs side by side──► int8 in, int8 out (1, n_positions, width)
"""

import tempfile
import warnings
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from convert.train.quantize import converted
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats


def int8_trunk(towers: Sequence[Any], representative: Floats) -> bytes:
    """The ``.tflite`` file of ``towers``, which are changed for it; the input is what all int8 models take."""
    shape = (1, GEOMETRY.n_frames, GEOMETRY.n_bands, 1)
    image = keras.Input(batch_shape=shape, name="logmel")
    outputs = []
    for tower in towers:
        # The device's image counts dB above the window's floor: 0..80, and not 0..1.
        stem = next(layer for layer in tower.layers if isinstance(layer, layers.Conv2D))
        stem.kernel.assign(stem.kernel / GEOMETRY.top_db)
        outputs.append(tower(image))
    joined = outputs[0] if len(outputs) == 1 else layers.Concatenate(axis=-1)(outputs)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        keras.Model(image, joined).export(folder, verbose=False)
        warnings.filterwarnings("ignore", "Statistics for quantized inputs were expected", UserWarning)
        return converted(folder, representative)
