"""The shipped bundles' own metrics to rows of the same table: hard and soft routing, M1 alone, M1 by folds.

    bundle.json ──metrics.rows──► the committed split's test speakers, or all of a corpus that was never trained on
    former_m1.json ──python -m convert protocol──► every speaker once, by the folds of the other rows

Nothing is trained here: these networks take hours (docs/models.md, Training), and a bundle keeps what they reached.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from convert.zoo.features.encoder import LARGE
from convert.zoo.problems import PROBLEMS
from convert.zoo.summary import Summary, macro_f1
from edged.models.bundle import DEFAULT_BUNDLE, Manifest, load_bundle

BUNDLES = {"small": DEFAULT_BUNDLE, "large": LARGE}
UNSEEN = ", never trained on the corpus"  # ends the name of a row
_WAYS = {"hard": "five models, hard", "soft": "five models, soft", "first": "M1 alone"}
_FORMER = Path(__file__).with_name("former_m1.json")


def summaries() -> list[Summary]:
    """Of the former M1 and of both bundles, by problem."""
    found = _by_folds()
    for size, path in BUNDLES.items():
        found += _shipped(size, load_bundle(path).manifest)
    return found


def _shipped(size: str, manifest: Manifest) -> list[Summary]:
    costs = {task: model.multiply_adds for task, model in manifest.models.items()}
    trunk = manifest.trunk.multiply_adds if manifest.trunk else 0
    made, seed = manifest.metrics.get("evaluated", manifest.training), int(manifest.training["seed"])
    found = []
    for corpus, row in manifest.metrics["rows"].items():
        if corpus not in PROBLEMS:
            continue
        for way, named in _WAYS.items():
            spent = trunk + (costs["m1"] if way == "first" else sum(costs.values()))
            name = f"bundle {size}, {named}" + (UNSEEN if row["never_trained"] else "")
            found.append(_summary(name, corpus, row[way], spent, made, seed=seed, n_folds=0))
    return found


def _by_folds() -> list[Summary]:
    """The network that was M1 of the bundle before, by problem.

    ``former_m1.json`` has what ``python -m convert protocol`` gave for it, as that bundle's manifest had it.
    """
    stored = json.loads(_FORMER.read_text(encoding="utf-8"))
    cost = stored.pop("multiply_adds")
    name = "M1 of the five networks before, fold by fold"
    return [
        _summary(name, problem, metrics, cost, metrics, seed=metrics["seed"], n_folds=len(metrics["folds"]))
        for problem, metrics in stored.items()
    ]


def _summary(  # noqa: PLR0913 -- what a row is made of
    name: str,
    problem: str,
    metrics: Mapping[str, Any],
    multiply_adds: int,
    made: Mapping[str, Any],
    *,
    seed: int,
    n_folds: int,
) -> Summary:
    """A row of ``metrics``; ``made`` has the command and commit that they are of."""
    matrix = np.array(metrics["confusion"], np.int64)
    low, high = metrics["uar_95"]
    return Summary(
        problem=problem,
        entry=name,
        n_labels=int((matrix.sum(axis=1) > 0).sum()),
        n_speakers=metrics["speakers"],
        n_folds=n_folds,
        of_folds=PROBLEMS[problem].n_folds,
        seeds=(seed,),
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
        commit=made["commit"],
        command=made["command"],
    )
