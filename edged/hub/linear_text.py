"""A sentence to the emotions of its words: a linear model over hashed n-grams, numpy only.

    sentence ──n-grams──► buckets ──IDF, length 1──► int8 weights ──temperature, offsets──► {"angry": 0.7, …}, sum 1
    a sentence with too few known words ──► None: no evidence, which is not neutral

Like the voice's, the scores are for labels that are equally frequent.  The sentence is used here and dropped: no part
of it is logged, stored or returned.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edged.hub.words import ngrams
from edged.hub.words.model_file import SHIPPED, TextManifest, TextModel, load_text_model


class LinearText:
    """The linear text model; implements the hub's ``TextScorer``."""

    def __init__(self, model: TextModel) -> None:
        manifest = model.manifest
        self._model = model
        self._idf_scale = np.float32(manifest.idf_scale)
        self._scales = np.array(manifest.scales, np.float32)
        self._intercepts = np.array(manifest.intercepts, np.float32)
        self._offsets = np.array(manifest.offsets, np.float32)

    @property
    def manifest(self) -> TextManifest:
        """The manifest of the model."""
        return self._model.manifest

    @property
    def labels(self) -> tuple[str, ...]:
        """The six emotions, and ``other``: an emotion that is none of them, or surprise."""
        return self._model.manifest.labels

    def scores(self, sentence: str) -> dict[str, float] | None:
        """A probability for each label, sum 1; None for another language or too few known words."""
        values = self.logits(sentence)
        if values is None:
            return None
        values = values / np.float32(self._model.manifest.temperature) + self._offsets
        powers = np.exp(values - values.max())
        return dict(zip(self.labels, (powers / powers.sum()).tolist(), strict=True))

    def logits(self, sentence: str) -> NDArray[np.float32] | None:
        """(n_labels,) before temperature and offsets; None without evidence."""
        tokens = ngrams.tokens(sentence)
        if self.known_share(tokens) < max(self._model.manifest.min_known, 1e-9):
            return None
        rows = ngrams.buckets(tokens)
        idf = self._model.idf[rows] * self._idf_scale
        length = np.float32(np.sqrt(idf @ idf))
        if not length:
            return None
        return np.asarray((idf / length) @ self._model.weights[rows] * self._scales + self._intercepts, np.float32)

    def known_share(self, tokens: list[str]) -> float:
        """The share of letters that are in words known from training; 0 without a word."""
        words = ngrams.words(tokens)
        total = sum(map(len, words))
        return sum(len(word) for word in words if self._is_known(word)) / total if total else 0.0

    def _is_known(self, word: str) -> bool:
        bit = ngrams.word_bit(word)
        return bool(self._model.known[bit >> 3] >> (bit & 7) & 1)


def load_text_scorer(folder: Path = SHIPPED) -> LinearText:
    """The shipped text model, or the one in ``folder``.

    Raises:
        ModelError: it is damaged or of another format.
    """
    return LinearText(load_text_model(folder))
