"""The folder of a training, so that the same training is never run twice.

    recipe, seed, fold, clips ──sha256──► build/convert/runs/<recipe>-seed<n>-<hash>/

The hash covers everything that decides the outcome except the code: the recipe, seed, fold and the sounds.  A field
that was added to recipes later is left out while it is at its default.  A commit does not change the hash: after a
change of the training code, start again with ``--fresh``.
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
    """One training of all five models."""

    recipe: Recipe
    seed: int
    fold: int | None
    work: Path
    material: Material

    @property
    def cache(self) -> Path:
        """The folder of the log-mel of all runs."""
        return self.work / "cache"

    @cached_property
    def path(self) -> Path:
        """The run's folder."""
        decided = {
            "recipe": described(self.recipe),
            "seed": self.seed,
            "fold": self.fold,
            "geometry": dataclasses.asdict(GEOMETRY),
            "train": dataset.clips_hash(self.material.train),
            "validation": dataset.clips_hash(self.material.validation),
        }
        if self.recipe.augmented_copies or self.recipe.heads:
            decided["noises"] = dataset.clips_hash(self.material.noises)
        if self.recipe.trunk and self.recipe.trunk.unlabelled:
            decided["meetings"] = dataset.clips_hash([meeting for meeting, _ in self.material.meetings])
        if self.recipe.trunk and self.material.unlabelled:  # not of the run that a trunk starts from
            decided["unlabelled"] = dataset.clips_hash(self.material.unlabelled)
        digest = hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:10]
        fold = "" if self.fold is None else f"-fold{self.fold}"
        return self.work / "runs" / f"{self.recipe.name}-seed{self.seed}{fold}-{digest}"

    def clear(self) -> None:
        """Removes everything that was made of this run; the log-mel stays."""
        shutil.rmtree(self.path, ignore_errors=True)
