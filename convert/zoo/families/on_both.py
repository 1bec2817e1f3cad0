"""Entries of sound and words: one vector of both under the same classifiers, and late fusion.

    eight (8,) beside TF-IDF (k,) ──► RF, XGB, SVM, MNB, LR, MLP, LSTM 256 x 2, and their means E1 and E2
    scores of sound, scores of words ──mean──► late fusion

IEMOCAP is the only one of these corpora whose sound and words both carry the emotion.  ``pairs`` gives RAVDESS' clips
sentences of the same label; figures on it are an upper bound.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.corpora.clip import Clip
from convert.zoo.families.on_features import SAHU
from convert.zoo.features.eight import EIGHT
from convert.zoo.features.store import Store
from convert.zoo.learning.classical import DESCRIBED, ENSEMBLES, KINDS, Classical
from convert.zoo.learning.operations import multiply_adds
from convert.zoo.learning.trained_network import BestEpoch, fit_to_best, scored
from convert.zoo.learning.vectors import OfBoth
from convert.zoo.recogniser import Entry, Medium, Task
from edged.features.logmel import Floats

if TYPE_CHECKING:
    import keras

PROBLEMS = ("pairs", "iemocap-4", "iemocap-6", "iemocap-8")
_PUBLISHED = f"{SAHU}: 0.701 at best on IEMOCAP"
_BOTH: frozenset[Medium] = frozenset({"sound", "words"})
_UNITS, _EPOCHS, _BATCH = 256, 20, 32


class LstmOnBoth:
    """The joined vector as one step of two LSTMs of 256, as the source has it."""

    network: "keras.Model"

    def __init__(self, store: Store) -> None:
        self._vectors = OfBoth(store, EIGHT)

    def fit(self, task: Task, training: Sequence[Clip], validation: Sequence[Clip]) -> None:
        """See ``Recogniser``."""
        import keras  # noqa: PLC0415 -- TensorFlow takes seconds

        keras.utils.set_random_seed(task.seed)
        self._vectors.fit(training)
        x, truth = self._x(training), task.truth(training)
        given = keras.Input(x.shape[1:])
        hidden = keras.layers.LSTM(_UNITS)(keras.layers.LSTM(_UNITS, return_sequences=True)(given))
        self.network = keras.Model(given, keras.layers.Dense(len(task.labels), activation="softmax")(hidden))
        self.network.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy")
        fit_to_best(BestEpoch(self, validation, task), x, truth, _BATCH, _EPOCHS)

    def scores(self, clips: Sequence[Clip]) -> Floats:
        """See ``Recogniser``."""
        return scored(self.network, self._x(clips))

    @property
    def multiply_adds(self) -> int:
        """See ``Recogniser``."""
        return multiply_adds(self.network)

    def _x(self, clips: Sequence[Clip]) -> Floats:
        return np.asarray(self._vectors.of(clips)[:, None], np.float32)


def _classical(name: str, store: Store) -> Classical:
    return Classical(OfBoth(store, EIGHT), KINDS[name])


def _entry(name: str, what: str, **more: Any) -> Entry:  # noqa: ANN401 -- what an Entry takes
    given = {"source": _PUBLISHED, **more}
    return Entry(name=name, family="sound and words", what=what, needs=_BOTH, problems=PROBLEMS, **given)


_VECTOR = "8 hand-crafted features beside TF-IDF"
_UNTRAINED = "each fold trains both members"
ENTRIES = [
    *(_entry(f"{name} on both", f"{_VECTOR}; {DESCRIBED[name]}", make=partial(_classical, name)) for name in KINDS),
    *(
        _entry(
            f"{name} on both",
            f"{_VECTOR}; {DESCRIBED[name]}",
            members=tuple(f"{member} on both" for member in members),
        )
        for name, members in ENSEMBLES.items()
    ),
    _entry("LSTM on both", f"{_VECTOR} as one step; LSTM 256, LSTM 256", make=LstmOnBoth),
    _entry("late fusion of E1", "mean of E1 on eight and E1 on words", members=("E1 on eight", "E1 on words")),
    *(
        _entry(
            f"{network} + BERT",
            f"mean of {network} on spectrograms and BERT on words",
            members=(network, "BERT"),
            source="founding document: 0.98, speakers shared",
            n_seeds=1,
            reason=_UNTRAINED,
        )
        for network in ("AlexNet", "ResNet-34")
    ),
]
