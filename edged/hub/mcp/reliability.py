"""The model card to how often an emotion is right, which ``explain`` adds to a mood.

    bundle.json, metrics of the corpora ──confusion, columns──► share of right answers by label, and UAR

The shares are for clips whose labels are equally frequent, since no home has the distribution of a corpus.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


class Reliability(NamedTuple):
    """How often the voice's answers are right, on one corpus."""

    corpus: str
    never_trained: bool  # the models were not trained on this corpus: what to expect at home
    uar: float  # unweighted average recall
    right: dict[str, float]  # by label: of clips with this answer, the share that have this label


def reliabilities(metrics: Mapping[str, Any], labels: Sequence[str]) -> list[Reliability]:
    """One for each corpus of ``metrics["rows"]``; what a manifest does not have is left out."""
    found = []
    for corpus, row in metrics.get("rows", {}).items():
        chosen = row.get(row.get("default"), {})
        matrix = np.array(chosen.get("confusion", ()), np.float64)
        if corpus == "validation" or matrix.shape != (len(labels), len(labels)):
            continue
        totals = matrix.sum(axis=1, keepdims=True)
        shares = np.divide(matrix, totals, out=np.zeros_like(matrix), where=totals > 0)
        answered = shares.sum(axis=0)
        right = {
            label: round(float(shares[index, index] / answered[index]), 2)
            for index, label in enumerate(labels)
            if answered[index] > 0
        }
        found.append(Reliability(corpus, bool(row.get("never_trained")), float(chosen["uar"]), right))
    return found
