"""AlexNet (Krizhevsky et al. 2012) and ResNet-34 (He et al. 2016) on spectrograms, from scratch.

    (188, 64) ──time by 2──► (94, 64) ──AlexNet──► logits
    (188, 64) ──time and bands by 2──► (94, 32) ──ResNet-34──► logits

These are the smallest images that leave every layer something to work on; on 227 x 227 they cost nine and fifteen times
as much.  Filters, kernels and strides are the published ones.  AlexNet's two halves for two graphics cards and its
local normalization are left out, as its authors' later version does; batch normalization lets it train from scratch.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from convert.zoo.learning.spectrograms import LABEL, Design, SpectrogramNetwork
from convert.zoo.recogniser import Entry
from edged.features.geometry import GEOMETRY

if TYPE_CHECKING:
    import keras

_DENSE = 4096
_STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))  # ResNet-34: filters, blocks


def alexnet(n_labels: int, _heads: Sequence[str], width: int = _DENSE) -> "keras.Model":
    """Five convolutions and two dense layers of ``width``."""
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    layers = keras.layers
    given = keras.Input((GEOMETRY.n_frames, GEOMETRY.n_bands, 1))
    x = layers.AveragePooling2D((2, 1))(given)
    for n_filters, kernel, stride, pooled in (
        (96, 11, 4, True),
        (256, 5, 1, True),
        (384, 3, 1, False),
        (384, 3, 1, False),
        (256, 3, 1, True),
    ):
        x = layers.Conv2D(n_filters, kernel, strides=stride, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.MaxPooling2D(3, 2)(x) if pooled else x
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dense(width, activation="relu")(layers.Dropout(0.5)(x))
    return keras.Model(given, {LABEL: layers.Dense(n_labels, name=LABEL)(x)})


def resnet34(n_labels: int, _heads: Sequence[str], share: int = 1) -> "keras.Model":
    """Sixteen blocks of two convolutions each; ``share`` divides the filters, for tests."""
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    layers = keras.layers

    def convolution(x: "keras.KerasTensor", n_filters: int, kernel: int, stride: int) -> "keras.KerasTensor":
        x = layers.Conv2D(n_filters // share, kernel, strides=stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization(momentum=0.9)(x)

    given = keras.Input((GEOMETRY.n_frames, GEOMETRY.n_bands, 1))
    x = layers.ReLU()(convolution(layers.AveragePooling2D(2)(given), 64, 7, 2))
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    for number, (n_filters, n_blocks) in enumerate(_STAGES):
        for block in range(n_blocks):
            stride = 2 if number and not block else 1
            y = layers.ReLU()(convolution(x, n_filters, 3, stride))
            y = convolution(y, n_filters, 3, 1)
            beside = x if x.shape[-1] == y.shape[-1] else convolution(x, n_filters, 1, stride)
            x = layers.ReLU()(layers.Add()([beside, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(given, {LABEL: layers.Dense(n_labels, name=LABEL)(x)})


ALEXNET = Design(make=alexnet, epochs=30, learning_rate=1e-4)
RESNET34 = Design(make=resnet34, epochs=30)
_CLAIMED = "founding document: 0.98 with words, speakers shared"
ENTRIES = [
    Entry(
        name=name,
        family="networks on spectrograms",
        what=what,
        source=_CLAIMED,
        needs=frozenset({"log-mel"}),
        make=partial(SpectrogramNetwork, design),
        problems=("emodb", "ravdess", "cremad", "nemo", "iemocap-4", "iemocap-6", "iemocap-8"),
        n_seeds=1,
        reason=reason,
    )
    for name, design, what, reason in (
        (
            "AlexNet",
            ALEXNET,
            "log-mel of 94 x 64; AlexNet, augmented",
            "0.35 s of a core a step of 32 clips: 1.6 minutes a fold of EMO-DB, 25 of CREMA-D",
        ),
        (
            "ResNet-34",
            RESNET34,
            "log-mel of 94 x 32; ResNet-34, augmented",
            "0.66 s of a core a step of 32 clips: 3 minutes a fold of EMO-DB, 47 of CREMA-D",
        ),
    )
]
