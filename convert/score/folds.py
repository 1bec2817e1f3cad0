"""Folds of a corpus to figures over all of their speakers.

    by fold: labels, confusion of each speaker ──► UAR with its interval over speakers, UAR of each fold

A fold is kept as what its speakers were answered, so that another one can join it on another day.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convert.score.metrics import Counts, Figures, confusion, interval, uar


def answered(labels: Sequence[str], truth: Counts, answers: Counts, speakers: Sequence[str]) -> dict[str, Any]:
    """One fold's row: the confusion (n, n) of each speaker, of the clips where ``truth`` is not -1."""
    names, known = np.array(speakers), truth >= 0
    found = {}
    for name in sorted(set(names[known].tolist())):
        own = (names == name) & known
        found[name] = confusion(truth[own], answers[own], len(labels)).tolist()
    return {"labels": list(labels), "speakers": found}


def pooled(folds: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of each row over the speakers of all ``folds``, with ``folds``, the UAR of each."""
    found = {}
    for name in next(iter(folds.values()))["rows"]:
        rows = [fold["rows"][name] for _, fold in sorted(folds.items())]
        matrices = [np.array(list(row["speakers"].values()), np.int64) for row in rows]
        by_speaker = np.concatenate(matrices)
        low, high = interval(by_speaker, 0)
        figures = Figures(tuple(rows[0]["labels"]), by_speaker.sum(axis=0), low, high, len(by_speaker))
        found[name] = {**figures.as_json(), "folds": [round(uar(own.sum(axis=0)), 4) for own in matrices]}
    return found
