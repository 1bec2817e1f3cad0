"""A user's trained bundle in memory to files: with its origin, the shipped gate and a card.

Bundle of own.stage, Plan ──origin, licence, gate──► bundle.json, models, README.md, plots, verified
"""

import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from convert.bundle import origin, writer
from convert.bundle.draft import gate_of
from convert.bundle.shipped_gate import shipped_gate
from convert.data.own_corpus import OwnCorpus
from convert.own.parts import shipped
from convert.own.plan import Plan
from convert.recipes.own import SCRATCH
from edged.models.bundle import Bundle

_UNSTATED = "not stated; whoever passes this bundle on needs the consent of the speakers"


def write(plan: Plan, made: Bundle, out: Path, licence: str | None) -> Bundle:
    """Writes ``made`` into the folder ``out``.

    Raises:
        ModelError: it does not load or run.
    """
    gate = shipped_gate()
    below = shipped(plan.size).manifest if made.manifest.trunk else None
    encoder = {key: value for key, value in (below.training if below else {}).items() if key == "encoder"}
    trunk = f"; on the trunk of edged's bundle {plan.size}: {below.licence}" if below else ""
    training = {
        **made.manifest.training,
        "own": True,
        "recipe": json.loads(msgspec.json.encode(dataclasses.asdict(plan.recipe))),
        "corpora": {plan.corpus.name: _described(plan.corpus)},
        "seed": plan.seed,
        "command": command(plan),
        "commit": origin.commit(),
        **encoder,
    }
    manifest = msgspec.structs.replace(
        made.manifest,
        created=origin.now(),
        licence=(licence or _UNSTATED) + trunk,
        versions=origin.versions(),
        training=training,
        gate=gate_of(made.manifest, gate.model),
    )
    return writer.written(out, manifest, writer.model_files(made), gate)


def command(plan: Plan) -> str:
    """The command that made it, without a path of this machine."""
    given = " --routes FILE" if plan.cascade else ""
    cut = "" if plan.epochs is None else f" --epochs {plan.epochs}"
    own = f"--own {plan.index.name}"
    if plan.model is not None:
        return f'python -m convert bundle --model "{plan.model}" {own} --seed {plan.seed}{cut}'
    size = "--from-scratch" if plan.size == SCRATCH else f"--size {plan.size}"
    return f"python -m convert all {own} {size} --seed {plan.seed}{given}{cut}"


def _described(corpus: OwnCorpus) -> dict[str, Any]:
    counts = Counter(str(clip.label) for clip in corpus.clips)
    people = {label: {clip.speaker for clip in corpus.clips if clip.label == label} for label in corpus.labels}
    return {
        "clips": len(corpus.clips),
        "speakers": sorted({clip.speaker for clip in corpus.clips}),
        "labels": {label: {"clips": counts[label], "speakers": len(people[label])} for label in corpus.labels},
    }
