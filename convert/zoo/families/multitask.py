"""The multitask spectrogram CNN with SimAM, as published and on the device's own trunk.

    (188, 64) ──resized──► (128, 128) ──conv 32 k7, pool, conv 64 k5, pool──► (31, 31, 64) ──SimAM──► 2048 ──► heads
    (188, 64) ──the convolutions of the small bundle's models──► SimAM ──mean and maximum──► the same heads

The source does not give its paddings; those here leave 31 x 31 positions, with which the network has the 126 million
parameters that it is published with.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from convert.zoo.learning.spectrograms import LABEL, Design, SpectrogramNetwork
from convert.zoo.recogniser import Entry
from edged.features.geometry import GEOMETRY

if TYPE_CHECKING:
    import keras

_SIDE = 128  # of the published network's image
_WIDTH = 2048
_DROPOUT = 0.8
N_COPIES = 8  # of test-time augmentation
_PROBLEMS = ("ravdess-8", "cremad", "iemocap-8")
_PUBLISHED = "founding document: IEMOCAP 0.420, TTA 0.424, top-3 0.810; RAVDESS 0.214, 0.216, 0.590"
_TOO_LARGE = (
    "126 M parameters, never for a device: 1.3 s of a core a step of 32 clips, 17 minutes a fold of RAVDESS, 90 of"
    " CREMA-D"
)


def published(n_labels: int, heads: Sequence[str], width: int = _WIDTH) -> "keras.Model":
    """The published network; ``width`` is that of its dense layer."""
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    from convert.zoo.learning.simam import SimAM  # noqa: PLC0415 -- as above

    layers = keras.layers
    given = keras.Input((GEOMETRY.n_frames, GEOMETRY.n_bands, 1))
    x = layers.Resizing(_SIDE, _SIDE)(given)
    for n_filters, kernel in ((32, 7), (64, 5)):
        x = layers.Conv2D(n_filters, kernel, activation="relu")(layers.ZeroPadding2D(2)(x))
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(SimAM()(x))
    x = layers.Dropout(_DROPOUT)(layers.Dense(width, activation="relu")(x))
    return keras.Model(given, _outputs(x, n_labels, heads))


def own_trunk(n_labels: int, heads: Sequence[str]) -> "keras.Model":
    """The convolutions of M1, SimAM, and the same heads."""
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    from convert.recipes.spec import NetworkSpec  # noqa: PLC0415 -- beside the next
    from convert.train.networks import convolutions  # noqa: PLC0415 -- TensorFlow takes seconds
    from convert.zoo.learning.simam import SimAM  # noqa: PLC0415 -- as above

    spec = NetworkSpec()
    given, x = convolutions(spec)
    x = SimAM()(x)
    pooled = [keras.layers.GlobalAveragePooling2D()(x), keras.layers.GlobalMaxPooling2D()(x)]
    x = keras.layers.Dropout(spec.dropout)(keras.layers.Concatenate()(pooled))
    return keras.Model(given, _outputs(x, n_labels, heads))


def _outputs(x: "keras.KerasTensor", n_labels: int, heads: Sequence[str]) -> dict[str, "keras.KerasTensor"]:
    import keras  # noqa: PLC0415 -- TensorFlow takes seconds

    outputs = {LABEL: keras.layers.Dense(n_labels, name=LABEL)(x)}
    return outputs | {head: keras.layers.Dense(1, name=head)(x) for head in heads}


PUBLISHED = Design(make=published, epochs=30, learning_rate=1e-4, multitask=True)
OWN = Design(make=own_trunk, epochs=30, learning_rate=2e-3, multitask=True)


def _entries(design: Design, name: str, what: str, n_seeds: int, reason: str) -> list[Entry]:
    copies = replace(design, n_copies=N_COPIES)
    return [
        Entry(
            name=name + suffix,
            family="networks on spectrograms",
            what=what + more,
            source=_PUBLISHED,
            needs=frozenset({"log-mel"}),
            make=partial(SpectrogramNetwork, one),
            weights_of="" if one is design else name,
            problems=_PROBLEMS,
            n_seeds=n_seeds,
            reason=reason,
        )
        for one, suffix, more in ((design, "", ""), (copies, ", TTA", f"; mean over a clip and {N_COPIES} copies"))
    ]


ENTRIES = [
    *_entries(
        PUBLISHED,
        "SimAM CNN",
        "conv 32 k7, pool, conv 64 k5, pool, SimAM, dense 2048, dropout 0.8; a head for the label, and for each of"
        " gender, intensity, level, valence, arousal and dominance that the corpus has",
        1,
        _TOO_LARGE,
    ),
    *_entries(OWN, "own trunk with SimAM", "M1's convolutions, SimAM, mean and maximum, the same heads", 3, ""),
]
