"""The shipped bundles' own metrics to rows of the same table: hard and soft routing, M1 alone, M1 by folds.

    bundle.json ──metrics.rows──► the committed split's test speakers, or all of a corpus that was never trained on
    former_m1.json ──python -m convert protocol──► every speaker once, by the folds of the other rows

Nothing is trained here: these networks take hours (docs/training.md), and a bundle's manifest has their metrics.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from convert.score.folds import pooled
from convert.score.intervals import NO_INTERVALS, intervals
from convert.score.metrics import macro_f1
from convert.zoo.features.encoder import LARGE
from convert.zoo.problems import PROBLEMS
from convert.zoo.summary import Summary
from edged.models.bundle import DEFAULT_BUNDLE, Manifest, load_bundle

BUNDLES = {"small": DEFAULT_BUNDLE, "large": LARGE}
UNSEEN = ", never trained on the corpus"  # ends the name of a row
_WAYS = {"hard": "five models, hard", "soft": "five models, soft", "first": "M1 alone"}
_ROWS = {"6 labels": "", "6 labels, calm counts as neutral": "", "8 labels": "-8"}  # of a protocol, and its problem
_FORMER = Path(__file__).with_name("former_m1.json")


def summaries() -> list[Summary]:
    """Of the former M1 and of both bundles, by problem."""
    found = _by_folds()
    for size, path in BUNDLES.items():
        manifest = load_bundle(path).manifest
        found += [*_shipped(size, manifest), *recipe_by_folds(size, manifest)]
    return found


def _shipped(size: str, manifest: Manifest) -> list[Summary]:
    costs = {task: model.multiply_adds for task, model in manifest.models.items()}
    trunk = manifest.trunk.multiply_adds if manifest.trunk else 0
    made, seed = manifest.metrics.get("evaluated", manifest.training), int(manifest.training["seed"])
    if again := manifest.metrics.get("parts", {}).get("rows"):
        made = {**made, "commit": f"{made['commit']}, {again['commit']}"}
    found = []
    for corpus, row in manifest.metrics["rows"].items():
        if corpus not in PROBLEMS:
            continue
        for way, named in _WAYS.items():
            spent = trunk + (costs["m1"] if way == "first" else sum(costs.values()))
            name = f"bundle {size}, {named}" + (UNSEEN if row["never_trained"] else "")
            found.append(_summary(name, corpus, row[way], spent, made, seed=seed, n_folds=0))
    return found


def recipe_by_folds(size: str, manifest: Manifest) -> list[Summary]:
    """M1 of the bundle's recipe, trained for each fold anew, where its manifest has it; as clips come, not adapted."""
    cost = manifest.models["m1"].multiply_adds + (manifest.trunk.multiply_adds if manifest.trunk else 0)
    found = []
    for corpus, tested in manifest.metrics.get("protocols", {}).items():
        folds = tested["folds"]
        commits = dict.fromkeys(fold.get("commit", "unknown") for _, fold in sorted(folds.items()))
        made = {"commit": ", ".join(commits), "command": tested["command"]}
        for row, metrics in pooled(folds).items():
            problem = corpus + _ROWS.get(row, "?")
            if problem in PROBLEMS:
                seed, n_folds = int(manifest.training["seed"]), len(metrics["folds"])
                name = f"bundle {size}, M1 fold by fold"
                made_of = _summary(name, problem, metrics, cost, made, seed=seed, n_folds=n_folds)
                by_speaker = [matrix for fold in folds.values() for matrix in fold["rows"][row]["speakers"].values()]
                # Trunks of their own have fewer folds than the problem, with the same speakers in all.
                found.append(
                    replace(made_of, of_folds=tested["of"], **intervals(np.array([by_speaker], np.int64), None))
                )
    return found


def _by_folds() -> list[Summary]:
    """The network that was M1 of the previous small bundle, by problem.

    ``former_m1.json`` has the results of ``python -m convert protocol`` for it, copied from that bundle's manifest.
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
    """A row of ``metrics``; ``made`` has the command and the commit that gave them."""
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
        macro_f1=float(macro_f1(matrix)),
        top3=metrics.get("top3"),
        **{name: tuple(metrics[name]) for name in NO_INTERVALS if metrics.get(name)},
        leaky_uar=None,
        leaky_macro_f1=None,
        seconds=None,
        multiply_adds=multiply_adds,
        commit=made["commit"],
        command=made["command"],
    )
