"""Thirteen MFCC of the device's image, in numpy for training and as layers for the file.

    image (188, 64) ──DCT of each frame──► (188, 13) ──mean over frames──► (13,)

Of the 32 numbers that the zoo's networks on frames take, these are the ones that log-mel gives: chroma and spectral
contrast need the spectrum.  The DCT and the standardisation are one convolution, and the mean is linear, so the file
computes the same.
"""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.fft import dct

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.zoo.features.store import Kind
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

N_CEPSTRA = 13
_FULL = 255.0


def basis() -> Floats:
    """(n_bands, 13) from dB by band to cepstra."""
    whole = dct(np.eye(GEOMETRY.n_bands), type=2, norm="ortho", axis=1)
    return np.asarray(whole[:, :N_CEPSTRA], np.float32)


def of_images(images: Floats) -> Floats:
    """(n, 13) of ``images`` (n, n_frames, n_bands) in 0..1, which is -80..0 dB."""
    decibels = (images - 1) * GEOMETRY.top_db
    return np.asarray(decibels.mean(axis=1) @ basis(), np.float32)


def _of_clip(clip: Clip, cache: Path) -> Floats:
    return np.asarray(of_images(dataset.images(clip, cache) / np.float32(_FULL)).mean(axis=0), np.float32)


CEPSTRA = Kind("cepstra", 1, _of_clip)


def layers_of(images: Any, mean: Floats, spread: Floats) -> Any:  # noqa: ANN401 - keras has no types
    """(batch, 13) standardised cepstra of ``images`` (batch, n_frames, n_bands, 1) in 0..1, as layers."""
    import keras  # noqa: PLC0415 - TensorFlow takes seconds

    convolution = keras.layers.Conv2D(N_CEPSTRA, (1, GEOMETRY.n_bands), name="cepstra")
    frames = convolution(images)
    kernel = basis() * np.float32(GEOMETRY.top_db) / spread
    bias = (basis().sum(axis=0) * np.float32(-GEOMETRY.top_db) - mean) / spread
    convolution.set_weights([kernel.reshape(1, GEOMETRY.n_bands, 1, N_CEPSTRA), bias])
    return keras.layers.GlobalAveragePooling2D()(frames)
