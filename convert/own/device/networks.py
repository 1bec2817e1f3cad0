"""A network of the zoo to one that takes the device's image: logits of the labels, and of dimensions if it has heads.

    name, clips ──fit, the epoch chosen on validation speakers──► Fitted: image (188, 64, 1) 0..1 ──► logits by head

Networks on frames get the 13 numbers of ``cepstra``, networks on spectrograms the image itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from convert.corpora.clip import Clip
from convert.own.device.cepstra import CEPSTRA, layers_of
from convert.recipes.spec import NetworkSpec
from convert.zoo.catalogue import ENTRIES
from convert.zoo.features.store import Store
from convert.zoo.learning import trained_network
from convert.zoo.learning.spectrograms import LABEL, Design, SpectrogramNetwork
from convert.zoo.learning.trained_network import TrainedNetwork
from convert.zoo.recogniser import Task
from edged.errors import UsageError
from edged.features.geometry import GEOMETRY
from edged.models.bundle import DimensionName

OWN_TRUNK = "own trunk"  # the zoo's own trunk without its SimAM
NAMES = ("1-D CNN", OWN_TRUNK, "own trunk with SimAM", "Transformer", "CNN+LSTM")
_DIMENSIONS: tuple[DimensionName, ...] = ("intensity", "arousal", "valence", "dominance")


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained network of the image."""

    images: Any  # keras.Input (batch, n_frames, n_bands, 1) in 0..1
    logits: Any  # (batch, n_labels)
    dimensions: dict[DimensionName, Any]  # (batch, 1) logits by name; heads that train only are left out


def fitted(name: str, task: Task, training: Sequence[Clip], validation: Sequence[Clip], folder: Path) -> Fitted:
    """The network ``name`` trained on ``training``; features are kept below ``folder``.

    Raises:
        UsageError: the zoo has no such network for a device.
    """
    import keras  # noqa: PLC0415 - TensorFlow takes seconds

    make = partial(SpectrogramNetwork, _PLAIN) if name == OWN_TRUNK else ENTRIES[name].make if name in NAMES else None
    if make is None:
        raise UsageError(f"--model {name}: expected one of {', '.join(NAMES)}")
    store = Store(folder / "zoo" / "features", folder / "cache")
    recogniser = make(store)
    images = keras.Input((GEOMETRY.n_frames, GEOMETRY.n_bands, 1), name="logmel")
    if isinstance(recogniser, SpectrogramNetwork):
        recogniser.fit(task, training, validation)
        outputs = recogniser.network(images)
        return Fitted(images, outputs[LABEL], {one: outputs[one] for one in _DIMENSIONS if one in outputs})
    if not isinstance(recogniser, TrainedNetwork):
        raise UsageError(f"--model {name}: a {type(recogniser).__name__}, expected a network")
    on_device = recogniser.seeing(CEPSTRA)
    on_device.fit(task, training, validation)
    given = layers_of(images, on_device.mean, on_device.spread)
    return Fitted(images, _before_softmax(on_device.network)(given), {})


def own_trunk(n_labels: int, heads: Sequence[str]) -> Any:  # noqa: ANN401 - keras has no types
    """The convolutions of the small bundle's models with a head for the label and for each of ``heads``."""
    from convert.train.networks import network  # noqa: PLC0415 - TensorFlow takes seconds

    return network(NetworkSpec(), n_labels, tuple(heads))


_PLAIN = Design(make=own_trunk, epochs=30, learning_rate=2e-3, multitask=True)


def limited_epochs(epochs: int | None) -> None:
    """Cuts every training to ``epochs``, for a trial."""
    if epochs is not None:
        trained_network.LONGEST = epochs


def _before_softmax(network: Any) -> Any:  # noqa: ANN401 - keras has no types
    """``network`` without the softmax of its last layer."""
    import keras  # noqa: PLC0415 - TensorFlow takes seconds

    last = network.layers[-1]
    logits = keras.layers.Dense(last.units, name="logits")
    made = keras.Model(network.inputs[0], logits(last.input))
    logits.set_weights([np.asarray(weights) for weights in last.get_weights()])
    return made
