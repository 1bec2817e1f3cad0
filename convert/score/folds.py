"""Folds of a corpus to metrics over all of their speakers.

    by fold: labels, confusion of each speaker ──► UAR with its interval over speakers, UAR of each fold

A fold is kept as one confusion matrix a speaker, so that another fold can join it later.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convert.score.metrics import Counts, Metrics, confusion, interval, uar


def fold_row(labels: Sequence[str], truth: Counts, predictions: Counts, speakers: Sequence[str]) -> dict[str, Any]:
    """One fold's row: the confusion (n, n) of each speaker, of the clips where ``truth`` is not -1."""
    names, known = np.array(speakers), truth >= 0
    matrices = {}
    for name in sorted(set(names[known].tolist())):
        chosen = (names == name) & known
        matrices[name] = confusion(truth[chosen], predictions[chosen], len(labels)).tolist()
    return {"labels": list(labels), "speakers": matrices}


def pooled(folds: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The metrics of each row over the speakers of all ``folds``, with ``folds``, the UAR of each."""
    results = {}
    for name in next(iter(folds.values()))["rows"]:
        rows = [fold["rows"][name] for _, fold in sorted(folds.items())]
        matrices = [np.array(list(row["speakers"].values()), np.int64) for row in rows]
        by_speaker = np.concatenate(matrices)
        low, high = interval(by_speaker, 0)
        metrics = Metrics(tuple(rows[0]["labels"]), by_speaker.sum(axis=0), low, high, len(by_speaker))
        results[name] = {**metrics.as_json(), "folds": [round(uar(fold.sum(axis=0)), 4) for fold in matrices]}
    return results
