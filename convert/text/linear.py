"""Sentences to the hub's linear text model: averaged stochastic gradient descent, then int8.

    Sentences ──n-grams of edged.hub.words──► sparse (n, 65536) ──IDF, length 1, SGD──► weights (65536, 7)
        ──int8 by label──► arrays of text.bin; what follows is measured with these

The n-grams are those of the hub, from the hub's own module.  A word is known if two training sentences have it.
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convert.text.sentences import TEXT_LABELS, Sentences
from convert.text.weights import label_weights
from edged.hub.words.ngrams import N_BUCKETS, N_WORD_BITS, buckets, tokens, word_bit, words

if TYPE_CHECKING:
    from sklearn.linear_model import SGDClassifier

_MIN_SENTENCES = 2  # that have a word, for it to be known
_INT8, _UINT8 = 127, 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the linear model is trained."""

    alpha: float = 1e-5  # of the L2 penalty
    passes: int = 8
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Arrays:
    """A quantized model."""

    weights: NDArray[np.int8]  # (65536, 7)
    scales: tuple[float, ...]
    intercepts: tuple[float, ...]
    idf: NDArray[np.uint8]  # (65536,)
    idf_scale: float
    known: bytes


def trained(train: Sentences, settings: Settings) -> Arrays:
    """The model of ``train``."""
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415 - takes a second

    rows = [buckets(tokens(text)) for text in train.texts]
    counts = np.bincount([bucket for row in rows for bucket in row], minlength=N_BUCKETS)
    idf = np.log((1 + len(rows)) / (1 + counts)) + 1
    idf_scale = float(idf.max()) / _UINT8
    coarse = np.round(idf / idf_scale).astype(np.uint8)
    classifier = SGDClassifier(
        loss="log_loss",
        alpha=settings.alpha,
        average=True,
        max_iter=settings.passes,
        tol=None,
        random_state=settings.seed,
    )
    weights = label_weights(train.labels)[train.labels]
    classifier.fit(_matrix(rows, coarse * np.float32(idf_scale)), train.labels, sample_weight=weights)
    return _quantized(classifier, coarse, idf_scale, _known_words(train.texts))


def _matrix(rows: list[list[int]], idf: NDArray[np.float32]) -> Any:  # noqa: ANN401 - scipy has no types
    """(n, 65536) sparse: each sentence's buckets by their IDF, of length 1."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - as above

    ends = np.cumsum([0, *map(len, rows)])
    columns = np.concatenate([np.array(row, np.int32) for row in rows])
    values = idf[columns]
    lengths = np.sqrt(np.add.reduceat(np.append(values**2, 0), ends[:-1]) * (np.diff(ends) > 0))
    values /= np.repeat(np.maximum(lengths, 1e-6), np.diff(ends)).astype(np.float32)
    return csr_matrix((values, columns, ends), shape=(len(rows), N_BUCKETS))


def _known_words(texts: list[str]) -> bytes:
    sentences = Counter(word for text in texts for word in set(words(tokens(text))))
    bits = np.zeros(N_WORD_BITS, np.uint8)
    bits[[word_bit(word) for word, count in sentences.items() if count >= _MIN_SENTENCES]] = 1
    return np.packbits(bits, bitorder="little").tobytes()


def _quantized(classifier: "SGDClassifier", idf: NDArray[np.uint8], idf_scale: float, known: bytes) -> Arrays:
    values = np.zeros((len(TEXT_LABELS), N_BUCKETS))
    intercepts = np.full(len(TEXT_LABELS), -20.0)  # of a label without sentences
    values[classifier.classes_] = classifier.coef_
    intercepts[classifier.classes_] = classifier.intercept_
    scales = np.maximum(np.abs(values).max(axis=1), 1e-6) / _INT8
    weights = np.round(values / scales[:, None]).astype(np.int8).T
    return Arrays(
        np.ascontiguousarray(weights),
        tuple(float(np.float32(scale)) for scale in scales),
        tuple(round(float(value), 5) for value in intercepts),
        idf,
        float(np.float32(idf_scale)),
        known,
    )
