"""The two text models behind one interface that scores sentences.

    texts ──LinearScorer | BertScorer──► logits (n, 7) ──calibration──► scores (n, 7), NaN without evidence

The BERT scores only sentences that the linear model takes for English: it has no such check of its own.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from convert.data.atomic_file import atomic
from convert.text.bert.network import network
from convert.text.bert.train import FINISHED
from convert.text.bert.train import logits as bert_logits
from convert.text.calibration import Calibration
from convert.text.sentences import TEXT_LABELS
from edged.features.logmel import Floats
from edged.hub.linear_text import LinearText


class Scorer(Protocol):
    """One text model."""

    def logits(self, texts: Sequence[str]) -> Floats:
        """(n, 7); rows of NaN without evidence."""


@dataclass(frozen=True, slots=True)
class LinearScorer:
    """The hub's own model, one sentence at a time."""

    model: LinearText

    def logits(self, texts: Sequence[str]) -> Floats:
        """(n, 7); rows of NaN without evidence."""
        values = np.full((len(texts), len(TEXT_LABELS)), np.nan, np.float32)
        for row, text in zip(values, texts, strict=True):
            found = self.model.logits(text)
            if found is not None:
                row[:] = found
        return values


@dataclass(frozen=True, slots=True)
class BertScorer:
    """The fine-tuned BERT in ``run``, whose package's files are in ``files``."""

    files: Path
    run: Path
    english: LinearText

    def logits(self, texts: Sequence[str]) -> Floats:
        """(n, 7); rows of NaN without evidence.  Logits that were computed before are read from ``run``."""
        store = self.run / f"{hashlib.sha256(repr(list(texts)).encode()).hexdigest()[:16]}.npy"
        if not store.is_file():
            model = network(self.files, len(TEXT_LABELS), seed=0)
            model.load_weights(self.run / FINISHED)
            with atomic(store) as file:
                np.save(file, bert_logits(model, self.files, list(texts)))
        values = np.load(store)
        values[[self.english.logits(text) is None for text in texts]] = np.nan
        return np.asarray(values, np.float32)


def calibrated_scores(logits: Floats, calibration: Calibration) -> Floats:
    """(n, 7) scores; NaN stays NaN."""
    known = np.isfinite(logits).all(axis=1)
    scores = np.full(logits.shape, np.nan, np.float32)
    scores[known] = calibration.scores(logits[known])
    return scores
