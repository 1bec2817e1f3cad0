"""Clips to one vector each: what classical classifiers take.

clips ──fit on the training side──► Vectors ──of(clips)──► (n_clips, k)
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from convert.corpora.clip import Clip
from convert.zoo.features.store import Kind, Store

_MIN_SENTENCES = 5  # that a term must occur in


class Vectors(Protocol):
    """A fitted way from clips to vectors."""

    def fit(self, training: Sequence[Clip]) -> None:
        """Takes scales and vocabularies from the training side alone."""

    def of(self, clips: Sequence[Clip]) -> Any:  # noqa: ANN401 -- an array or a sparse matrix
        """(n, k), standardised where it is sound."""

    def positive(self, clips: Sequence[Clip]) -> Any:  # noqa: ANN401 -- as above
        """(n, k) in [0, 1], for a classifier that takes counts."""


class OfSound:
    """Stored features of one kind, standardised, or scaled to [0, 1]."""

    def __init__(self, store: Store, kind: Kind) -> None:
        self._store, self._kind = store, kind

    def fit(self, training: Sequence[Clip]) -> None:
        """See ``Vectors``."""
        x = self._raw(training)
        self._standard, self._range = StandardScaler().fit(x), MinMaxScaler(clip=True).fit(x)

    def of(self, clips: Sequence[Clip]) -> Any:  # noqa: ANN401 -- see Vectors
        """See ``Vectors``."""
        return self._standard.transform(self._raw(clips))

    def positive(self, clips: Sequence[Clip]) -> Any:  # noqa: ANN401 -- see Vectors
        """See ``Vectors``."""
        return self._range.transform(self._raw(clips))

    def _raw(self, clips: Sequence[Clip]) -> Any:  # noqa: ANN401 -- see Vectors
        return self._store.matrix(self._kind, clips).reshape(len(clips), -1)


class OfWords:
    """TF-IDF of words and pairs of words, sublinear, without stop words and terms of fewer than 5 sentences."""

    def fit(self, training: Sequence[Clip]) -> None:
        """See ``Vectors``."""
        self._terms = TfidfVectorizer(
            ngram_range=(1, 2), min_df=_MIN_SENTENCES, stop_words="english", sublinear_tf=True, dtype=np.float32
        ).fit([clip.words for clip in training])

    def of(self, clips: Sequence[Clip]) -> Any:  # noqa: ANN401 -- see Vectors
        """See ``Vectors``."""
        return self._terms.transform([clip.words for clip in clips])

    def positive(self, clips: Sequence[Clip]) -> Any:  # noqa: ANN401 -- see Vectors
        """See ``Vectors``."""
        return self.of(clips)


class OfBoth:
    """Sound beside words in one vector."""

    def __init__(self, store: Store, kind: Kind) -> None:
        self._sound, self._words = OfSound(store, kind), OfWords()

    def fit(self, training: Sequence[Clip]) -> None:
        """See ``Vectors``."""
        self._sound.fit(training)
        self._words.fit(training)

    def of(self, clips: Sequence[Clip]) -> Any:  # noqa: ANN401 -- see Vectors
        """See ``Vectors``."""
        return np.hstack([self._sound.of(clips), self._words.of(clips).toarray()])

    def positive(self, clips: Sequence[Clip]) -> Any:  # noqa: ANN401 -- see Vectors
        """See ``Vectors``."""
        return np.hstack([self._sound.positive(clips), self._words.positive(clips).toarray()])
