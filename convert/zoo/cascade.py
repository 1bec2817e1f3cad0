"""The shipped bundles' own metrics to rows of the same table: hard and soft routing, M1 alone, and M1 by folds.

    bundle.json ──metrics.rows──► the committed split's test speakers, or all of a corpus that was never trained on
                ──metrics.protocols──► every speaker once, by the folds of the other rows

Nothing is trained here: these networks take hours (docs/models.md, Training), and a bundle keeps what they reached.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from convert.score.folds import pooled
from convert.zoo.features.encoder import LARGE
from convert.zoo.problems import PROBLEMS
from convert.zoo.summary import Summary, macro_f1
from edged.models.bundle import DEFAULT_BUNDLE, Manifest, load_bundle

BUNDLES = {"small": DEFAULT_BUNDLE, "large": LARGE}
UNSEEN = ", never trained on the corpus"  # ends the name of a row
_WAYS = {"hard": "five models, hard", "soft": "five models, soft", "first": "M1 alone"}
_ROWS = {"6 labels": "", "6 labels, calm counts as neutral": "", "8 labels": "-8"}  # of a protocol, and its problem


def summaries() -> list[Summary]:
    """Of both bundles, by problem."""
    found = []
    for size, path in BUNDLES.items():
        manifest = load_bundle(path).manifest
        found += [*_shipped(size, manifest), *_by_folds(size, manifest)]
    return found


def _shipped(size: str, manifest: Manifest) -> list[Summary]:
    costs = {task: model.multiply_adds for task, model in manifest.models.items()}
    trunk = manifest.trunk.multiply_adds if manifest.trunk else 0
    found = []
    for corpus, row in manifest.metrics["rows"].items():
        if corpus not in PROBLEMS:
            continue
        for way, named in _WAYS.items():
            spent = costs["m1"] if way == "first" else sum(costs.values())
            unseen = UNSEEN if row["never_trained"] else ""
            found.append(
                _summary(f"bundle {size}, {named}{unseen}", corpus, row[way], trunk + spent, manifest, by_fold=False)
            )
    return found


def _by_folds(size: str, manifest: Manifest) -> list[Summary]:
    found = []
    for corpus, tested in manifest.metrics.get("protocols", {}).items():
        for row, metrics in pooled(tested["folds"]).items():
            problem = corpus + _ROWS.get(row, "?")
            if problem in PROBLEMS:
                cost = manifest.models["m1"].multiply_adds
                name = f"bundle {size}, M1 alone, trained fold by fold"
                found.append(_summary(name, problem, metrics, cost, manifest, by_fold=True, tested=tested))
    return found


def _summary(  # noqa: PLR0913 -- what a row is made of
    name: str,
    problem: str,
    metrics: Mapping[str, Any],
    multiply_adds: int,
    manifest: Manifest,
    *,
    by_fold: bool,
    tested: Mapping[str, Any] | None = None,
) -> Summary:
    matrix = np.array(metrics["confusion"], np.int64)
    low, high = metrics["uar_95"]
    of_folds = PROBLEMS[problem].n_folds
    evaluated = manifest.metrics.get("evaluated", manifest.training)
    command, commit = evaluated["command"], evaluated["commit"]
    if tested:
        command, commit = tested["command"], next(iter(tested["folds"].values())).get("commit", commit)
    return Summary(
        problem=problem,
        entry=name,
        n_labels=int((matrix.sum(axis=1) > 0).sum()),
        n_speakers=metrics["speakers"],
        n_folds=len(metrics["folds"]) if by_fold else 0,
        of_folds=of_folds,
        seeds=(int(manifest.training["seed"]),),
        uar=metrics["uar"],
        spread=0.0,
        low=low,
        high=high,
        war=metrics["war"],
        macro_f1=macro_f1(matrix),
        top3=metrics.get("top3"),
        leaky_uar=None,
        leaky_macro_f1=None,
        seconds=None,
        multiply_adds=multiply_adds,
        commit=commit,
        command=command,
    )
