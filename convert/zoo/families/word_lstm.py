"""A bidirectional LSTM over words: Sahu's network of embeddings of 200 and two layers of 500.

words ──vocabulary of the training side──► ids (32,) ──embedding 200, bidirectional LSTM 500 x 2──► softmax (n_labels,)
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import Clip
from convert.zoo.families.on_words import PROBLEMS, PUBLISHED
from convert.zoo.features.store import Store
from convert.zoo.learning.operations import multiply_adds
from convert.zoo.learning.trained_network import BestEpoch, fit_to_best, scored
from convert.zoo.recogniser import Entry, Task
from edged.features.logmel import Floats

if TYPE_CHECKING:
    import keras

_N_WORDS = 32  # of a sentence; 97 % of GoEmotions' have fewer
_MIN_SENTENCES = 2  # that a word must occur in
_UNKNOWN = 1  # id of any other word; 0 is nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Of the network and its training."""

    embedding: int = 200
    units: int = 500
    epochs: int = 4
    batch: int = 64


class WordLstm:
    """Words in their order, as the recurrent network of the source takes them."""

    network: "keras.Model"

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes

    def fit(self, task: Task, training: Sequence[Clip], validation: Sequence[Clip]) -> None:
        """See ``Recogniser``."""
        import keras  # noqa: PLC0415 -- TensorFlow takes seconds

        keras.utils.set_random_seed(task.seed)
        counts = Counter(word for clip in training for word in set(_words(clip)))
        known = sorted(word for word, count in counts.items() if count >= _MIN_SENTENCES)
        self._numbers = {word: number for number, word in enumerate(known, start=_UNKNOWN + 1)}
        self.network = self._made(len(known) + _UNKNOWN + 1, len(task.labels))
        self.network.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy")
        best = BestEpoch(self, validation, task)
        fit_to_best(best, self._ids(training), task.truth(training), self._sizes.batch, self._sizes.epochs)

    def scores(self, clips: Sequence[Clip]) -> Floats:
        """See ``Recogniser``."""
        return scored(self.network, self._ids(clips))

    @property
    def multiply_adds(self) -> int:
        """See ``Recogniser``."""
        return multiply_adds(self.network)

    def _made(self, n_words: int, n_labels: int) -> "keras.Model":
        import keras  # noqa: PLC0415 -- TensorFlow takes seconds

        layers, units = keras.layers, self._sizes.units
        given = keras.Input((_N_WORDS,), dtype="int32")
        x = layers.Embedding(n_words, self._sizes.embedding)(given)
        x = layers.Bidirectional(layers.LSTM(units, return_sequences=True))(x)
        x = layers.Bidirectional(layers.LSTM(units))(x)
        return keras.Model(given, layers.Dense(n_labels, activation="softmax")(x))

    def _ids(self, clips: Sequence[Clip]) -> NDArray[np.int32]:
        """(n, n_words), each sentence at the end of its row."""
        found = np.zeros((len(clips), _N_WORDS), np.int32)
        for row, clip in zip(found, clips, strict=True):
            numbers = [self._numbers.get(word, _UNKNOWN) for word in _words(clip)][:_N_WORDS]
            if numbers:
                row[-len(numbers) :] = numbers
        return found


def _words(clip: Clip) -> list[str]:
    return re.findall(r"\w+|[!?]", clip.words.lower())


def _made(_store: Store) -> WordLstm:
    return WordLstm(Sizes())


ENTRIES = [
    Entry(
        name="LSTM on words",
        family="words",
        what="words in their order; embedding 200, two bidirectional LSTM layers of 500",
        source=PUBLISHED,
        needs=frozenset({"words"}),
        make=_made,
        problems=PROBLEMS,
        n_seeds=1,
        reason="1.7 s of a core a step of 64 sentences: 15 minutes for 8,000",
    )
]
