"""All of ``python -m convert gate``: material, training, quantization, metrics.

    corpora ──► Pieces, Trials ──train, quantize──► gate.tflite ──evaluate──► gate.json, curves.json ──► Made

The folder's name is a hash of everything that decides the outcome except the code, as for a run of the cascade: a
finished gate is not made again.
"""

import dataclasses
import hashlib
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.atomic_file import atomic, write_json
from convert.data.dataset import clips_hash
from convert.data.sounds import Side
from convert.data.surroundings import Surroundings, surroundings
from convert.gate import evaluate, material
from convert.gate.cells import CellWindows, cells
from convert.gate.material import Sounds
from convert.gate.pieces import pieces
from convert.gate.recipe import LABELS, SOURCES, GateRecipe, GateRun
from convert.gate.trials import Trials, recorded, trials
from convert.recipes.spec import described
from edged.errors import UsageError
from edged.features.geometry import GEOMETRY
from edged.models.bundle import GateModel

FILE = "gate.tflite"
_METRICS, _CURVES, _SIZE = "gate.json", "curves.json", "size.json"
_MAX_BESIDE_ALTERNATIVES = 16  # clips of an emotion and intensity of each unseen corpus …
_MAX_IN_CELLS = 80  # … and where they are measured cell by cell, in every condition


@dataclass(frozen=True, slots=True)
class Made:
    """A finished gate, as a bundle takes it."""

    path: Path  # its folder
    model: GateModel
    metrics: dict[str, Any]
    training: dict[str, Any]

    @property
    def content(self) -> bytes:
        """The ``.tflite`` file."""
        return (self.path / FILE).read_bytes()

    @property
    def curves(self) -> dict[str, Any]:
        """By gate missed and falsely accepted windows at every threshold, and the chosen one's row."""
        curves: dict[str, Any] = json.loads((self.path / _CURVES).read_text(encoding="utf-8"))
        return curves


def make(corpora: Path, work: Path, recipe: GateRecipe, seed: int, *, fresh: bool = False) -> Made:
    """Trains, quantizes and evaluates the gate where that is not done yet; ``fresh`` starts again.

    Raises:
        UsageError: a corpus is absent.
        ModelError: the network is above the gate's budget.
    """
    absent = material.absent(corpora, recipe)
    if absent:
        raise UsageError(f"{corpora}: no {', '.join(absent)}, expected every corpus that the gate is trained on")
    sides = {side: material.sounds(corpora, recipe, side) for side in material.SIDES}
    choosing = material.whole(corpora, recipe.choosing, _MAX_IN_CELLS)
    unseen = material.whole(corpora, recipe.unseen, _MAX_IN_CELLS)
    run = GateRun(recipe, seed, work / "gate" / _name(recipe, seed, sides, {**choosing, **unseen}), work / "cache")
    if fresh:
        shutil.rmtree(run.path, ignore_errors=True)
    run.path.mkdir(parents=True, exist_ok=True)
    if not (run.path / _METRICS).is_file():
        print(f"gate: {run.path}", file=sys.stderr)
        dataset.prepare([clip for sounds in sides.values() for clip in sounds.all()], run.cache)
        held = _trials(run, "validation", sides["validation"], {})
        if not (run.path / FILE).is_file():
            speech = {**sides["validation"].spoken, **choosing}
            _train(run, sides["train"], _held_cells(run, speech, surroundings(corpora, "validation")), held)
        tried = _trials(run, "test", sides["test"], material.whole(corpora, recipe.unseen, _MAX_BESIDE_ALTERNATIVES))
        content = (run.path / FILE).read_bytes()
        results = evaluate.evaluated(content, held, tried, recipe)
        curves = {
            name: [missed.tolist(), accepted.tolist(), row]
            for name, (missed, accepted, row) in results.pop("curves").items()
        }
        tested = {**sides["test"].spoken, **unseen}
        print("gate: cells of test", file=sys.stderr)
        results["cells"] = evaluate.missed(content, results["threshold"], tested, surroundings(corpora, "test"), run)
        write_json(run.path / _CURVES, curves)
        write_json(run.path / _METRICS, results)
    return _made(run, sides)


def _name(recipe: GateRecipe, seed: int, sides: dict[Side, Sounds], beside: dict[str, list[Clip]]) -> str:
    clips = [clip for sounds in sides.values() for clip in sounds.all()]
    clips += [clip for found in beside.values() for clip in found]
    decided = {
        "recipe": described(recipe),
        "seed": seed,
        "geometry": dataclasses.asdict(GEOMETRY),
        "clips": clips_hash(clips),
    }
    digest = hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:10]
    return f"seed{seed}-{digest}"


def _train(run: GateRun, sounds: Sounds, cells: list[CellWindows], trials: Trials) -> None:
    from convert.gate import train  # noqa: PLC0415 - TensorFlow takes seconds, and what is done needs none

    speech, other = pieces(sounds, run)
    train.train(speech, other, train.held(cells, trials), run)
    content, size = train.quantized(speech, other, run)
    write_json(run.path / _SIZE, dataclasses.asdict(size))
    with atomic(run.path / FILE) as file:
        file.write(content)


def _held_cells(run: GateRun, groups: dict[str, list[Clip]], around: Surroundings) -> list[CellWindows]:
    """Validation's, made once."""
    kept = run.path / "cells.npz"
    if not kept.is_file():
        print("gate: cells of validation", file=sys.stderr)
        made = list(cells(groups, around, run, in_turn=run.recipe.in_turn))
        with atomic(kept) as file:
            np.savez(
                file,
                kinds=np.array([found.kind for found in made]),
                n=np.array([len(found.images) for found in made]),
                images=np.concatenate([found.images for found in made]),
                loud=np.concatenate([found.loud for found in made]),
            )
    with np.load(kept) as columns:
        edges = np.cumsum(columns["n"])[:-1]
        images, loud = np.split(columns["images"], edges), np.split(columns["loud"], edges)
        kinds = [(corpus, emotion, level, name) for corpus, emotion, level, name in columns["kinds"].tolist()]
    return [CellWindows(*found) for found in zip(kinds, images, loud, strict=True)]


def _trials(run: GateRun, side: Side, sounds: Sounds, unseen: dict[str, list[Clip]]) -> Trials:
    """The windows of a side, made once."""
    kept = run.path / f"{side}.npz"
    fields = [field.name for field in dataclasses.fields(Trials)]
    if not kept.is_file():
        print(f"gate: windows of {side}", file=sys.stderr)
        stored = [clip for clips in sounds.spoken.values() for clip in clips if clip.stored]
        number = material.SIDES.index(side)
        made = trials(recorded(sounds, unseen, run, number), stored, run, number)
        with atomic(kept) as file:
            np.savez(file, **{name: getattr(made, name) for name in fields})
    with np.load(kept) as columns:
        return Trials(**{name: columns[name] for name in fields})


def _made(run: GateRun, sides: dict[Side, Sounds]) -> Made:
    metrics = json.loads((run.path / _METRICS).read_text(encoding="utf-8"))
    sizes = json.loads((run.path / _SIZE).read_text(encoding="utf-8"))
    digest = hashlib.sha256((run.path / FILE).read_bytes()).hexdigest()
    model = GateModel(file=FILE, sha256=digest, labels=LABELS, threshold=metrics["threshold"], **sizes)
    training = {
        "recipe": dataclasses.asdict(run.recipe),
        "seed": run.seed,
        "sources": SOURCES,
        "clips": {side: len(sounds.all()) for side, sounds in sides.items()},
    }
    return Made(run.path, model, metrics, training)
