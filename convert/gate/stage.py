"""The whole of ``python -m convert gate``: material, training, quantization, figures.

    corpora ──► Pieces, Trials ──train, quantize──► gate.tflite ──evaluate──► gate.json, gate.png ──► Made

The folder's name is a hash of all that decides the outcome but the code, as with a run of the cascade: what is there
is not made again.
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

from convert.card import gate_plot
from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.atomic_file import atomic, write_json
from convert.data.dataset import clips_hash
from convert.data.sounds import Side
from convert.gate import evaluate, material
from convert.gate.material import Sounds
from convert.gate.recipe import LABELS, SOURCES, GateRecipe, GateRun
from convert.gate.trials import Trials, recorded, trials
from convert.gate.windows import pieces
from convert.recipes.spec import described
from edged.errors import UsageError
from edged.features.geometry import GEOMETRY
from edged.models.bundle import GateModel

FILE, CURVES = "gate.tflite", "gate.png"
_FIGURES, _SIZE = "gate.json", "size.json"
_EVERY = 20  # of the clips of strangers one is judged


@dataclass(frozen=True, slots=True)
class Made:
    """A gate that is done, as a bundle takes it."""

    path: Path  # its folder
    model: GateModel
    figures: dict[str, Any]
    training: dict[str, Any]

    @property
    def files(self) -> dict[str, bytes]:
        """What stands beside ``bundle.json``, by name."""
        return {name: (self.path / name).read_bytes() for name in (FILE, CURVES)}


def make(corpora: Path, work: Path, recipe: GateRecipe, seed: int, *, fresh: bool = False) -> Made:
    """Trains, quantizes and evaluates what is not done yet; ``fresh`` forgets what was done.

    Raises:
        UsageError: a corpus is absent.
        ModelError: the network is above the gate's budget.
    """
    absent = material.absent(corpora, recipe)
    if absent:
        raise UsageError(f"{corpora}: no {', '.join(absent)}, expected every corpus that the gate is trained on")
    sides = {side: material.sounds(corpora, recipe, side) for side in material.SIDES}
    strangers = material.strangers(corpora, recipe, _EVERY)
    run = GateRun(recipe, seed, work / "gate" / _name(recipe, seed, sides, strangers), work / "cache")
    if fresh:
        shutil.rmtree(run.path, ignore_errors=True)
    run.path.mkdir(parents=True, exist_ok=True)
    if not (run.path / _FIGURES).is_file():
        print(f"gate: {run.path}", file=sys.stderr)
        dataset.prepare([clip for sounds in sides.values() for clip in sounds.all()], run.cache)
        held = _trials(run, "validation", sides["validation"], {})
        if not (run.path / FILE).is_file():
            _train(run, sides["train"], held)
        tried = _trials(run, "test", sides["test"], strangers)
        found = evaluate.evaluated((run.path / FILE).read_bytes(), held, tried, recipe)
        gate_plot.drawn(found.pop("curves"), run.path / CURVES)
        write_json(run.path / _FIGURES, found)
    return _made(run, sides)


def _name(recipe: GateRecipe, seed: int, sides: dict[Side, Sounds], strangers: dict[str, list[Clip]]) -> str:
    clips = [clip for sounds in sides.values() for clip in sounds.all()]
    clips += [clip for found in strangers.values() for clip in found]
    decided = {
        "recipe": described(recipe),
        "seed": seed,
        "geometry": dataclasses.asdict(GEOMETRY),
        "clips": clips_hash(clips),
    }
    digest = hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:10]
    return f"seed{seed}-{digest}"


def _train(run: GateRun, sounds: Sounds, held: Trials) -> None:
    from convert.gate import train  # noqa: PLC0415 - TensorFlow takes seconds, and what is done needs none

    speech, other = pieces(sounds, run)
    train.train(speech, other, held, run)
    content, size = train.quantized(speech, other, run)
    write_json(run.path / _SIZE, dataclasses.asdict(size))
    with atomic(run.path / FILE) as file:
        file.write(content)


def _trials(run: GateRun, side: Side, sounds: Sounds, strangers: dict[str, list[Clip]]) -> Trials:
    """The windows of a side, made once."""
    kept = run.path / f"{side}.npz"
    fields = [field.name for field in dataclasses.fields(Trials)]
    if not kept.is_file():
        print(f"gate: windows of {side}", file=sys.stderr)
        stored = [clip for clips in sounds.spoken.values() for clip in clips if clip.stored]
        number = material.SIDES.index(side)
        made = trials(recorded(sounds, strangers, run, number), stored, run, number)
        with atomic(kept) as file:
            np.savez(file, **{name: getattr(made, name) for name in fields})
    with np.load(kept) as columns:
        return Trials(**{name: columns[name] for name in fields})


def _made(run: GateRun, sides: dict[Side, Sounds]) -> Made:
    figures = json.loads((run.path / _FIGURES).read_text(encoding="utf-8"))
    sizes = json.loads((run.path / _SIZE).read_text(encoding="utf-8"))
    digest = hashlib.sha256((run.path / FILE).read_bytes()).hexdigest()
    model = GateModel(file=FILE, sha256=digest, labels=LABELS, threshold=figures["threshold"], **sizes)
    training = {
        "recipe": dataclasses.asdict(run.recipe),
        "seed": run.seed,
        "sources": SOURCES,
        "clips": {side: len(sounds.all()) for side, sounds in sides.items()},
    }
    return Made(run.path, model, figures, training)
