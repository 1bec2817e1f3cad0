"""Where a training keeps what it made, so that the same one is never made twice.

    recipe, seed, fold, clips ──sha256──► build/convert/runs/<recipe>-seed<n>-<hash>/

The hash is of all that decides the outcome but the code: the recipe's numbers, seed, fold and the sounds' own hashes.
A number that recipes have had only since a later day is left out while it is at its default, which changes nothing.
A commit does not change it; who changes the code of a training starts anew with ``--fresh``.
"""

import dataclasses
import hashlib
import json
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from convert.data import dataset
from convert.data.material import Material
from convert.recipes.spec import Recipe, described
from edged.features.geometry import GEOMETRY


@dataclass(frozen=True)
class Run:
    """One training of all five models, and what is made of it."""

    recipe: Recipe
    seed: int
    fold: int | None
    work: Path
    material: Material

    @property
    def cache(self) -> Path:
        """Where the log-mel of all runs lies."""
        return self.work / "cache"

    @cached_property
    def path(self) -> Path:
        """The run's own folder."""
        decided = {
            "recipe": described(self.recipe),
            "seed": self.seed,
            "fold": self.fold,
            "geometry": dataclasses.asdict(GEOMETRY),
            "train": dataset.clips_hash(self.material.train),
            "validation": dataset.clips_hash(self.material.validation),
        }
        if self.recipe.copies:
            decided["noises"] = dataset.clips_hash(self.material.noises)
        digest = hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:10]
        fold = "" if self.fold is None else f"-fold{self.fold}"
        return self.work / "runs" / f"{self.recipe.name}-seed{self.seed}{fold}-{digest}"

    def clear(self) -> None:
        """Forgets everything that was made of this run; the log-mel stays."""
        shutil.rmtree(self.path, ignore_errors=True)
