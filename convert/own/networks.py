"""A user's clips to networks of their own, as the small bundle has them.

clips ──m1──► confusions of validation speakers ──routes──► m2 and the rest, from m1's weights ──int8──► Parts
"""

import dataclasses
import json
import shutil
from typing import Any

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.material import Material
from convert.data.splits import Split
from convert.own import routes
from convert.own.parts import Parts
from convert.own.plan import Plan
from convert.recipes.cascade import FIRST, Cascade
from convert.score import clip_scores
from convert.score.metrics import confusion
from convert.train.quantize import quantize
from convert.train.runs import Run
from convert.train.stage import train, trained, weights_file


def parts(plan: Plan, sides: dict[Split, list[Clip]], fold: int | None) -> Parts:
    """Trains on one side; epochs are chosen on validation speakers, and routes where none are given."""
    material = Material(sides["train"], sides["validation"], {plan.corpus.name: sides["test"]}, {}, list(plan.noises))
    dataset.prepare(material.all(), plan.work / "cache")
    if plan.cascade is not None:
        return _whole(_run(plan, material, fold, plan.cascade))
    first = _run(plan, material, fold, routes.alone(plan.corpus.labels))
    train(first, (FIRST,))
    seen = clip_scores.clip_windows(sides["validation"], first.cache)
    predictions = seen.by_clip(clip_scores.float_scores(trained(first, FIRST), seen.images)).argmax(axis=1)
    labels = plan.corpus.labels
    run = _run(
        plan, material, fold, routes.made(labels, confusion(seen.label_indices(labels), predictions, len(labels)))
    )
    if run.path != first.path:
        run.path.mkdir(parents=True, exist_ok=True)
        for name in (weights_file(first, FIRST).name, f"{FIRST}.json"):
            shutil.copy2(first.path / name, run.path / name)
    return _whole(run)


def _run(plan: Plan, material: Material, fold: int | None, cascade: Cascade) -> Run:
    recipe = dataclasses.replace(plan.recipe, cascade=cascade)
    return Run(recipe, plan.seed, fold, plan.work, material)


def _whole(run: Run) -> Parts:
    train(run)
    quantize(run)
    tasks = run.recipe.cascade.tasks
    return Parts(
        cascade=run.recipe.cascade,
        contents={task: (run.path / f"{task}.tflite").read_bytes() for task in tasks},
        sizes=json.loads((run.path / "sizes.json").read_text(encoding="utf-8")),
        adaptation=None,
        epochs={task: _chosen(run, task) for task in tasks},
    )


def _chosen(run: Run, task: str) -> dict[str, Any]:
    history = json.loads((run.path / f"{task}.json").read_text(encoding="utf-8"))["history"]
    best = min(history, key=lambda entry: entry["nll"])
    return {"epoch": best["epoch"], "of": history[-1]["epoch"], "validation_uar": round(best["uar"], 4)}
