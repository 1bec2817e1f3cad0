"""All settings of a bundle of a user's recordings; a worker on any machine can be given them.

index, size, seed, folders, routes ──► Plan
"""

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from convert.corpora.clip import Clip
from convert.data.own_corpus import OwnCorpus, read_own
from convert.data.sounds import noises
from convert.recipes.cascade import Cascade
from convert.recipes.own import own_recipe
from convert.recipes.spec import Recipe


@dataclass(frozen=True)
class Plan:
    """Everything that decides the outcome, except the recordings themselves."""

    index: Path
    size: str  # large, small: heads on that shipped trunk; scratch: networks of their own
    seed: int
    epochs: int | None
    cascade: Cascade | None  # None: its routes are made
    corpora: Path  # whose esc10 and noise are mixed into copies, if present
    work: Path
    model: str | None = None  # of the zoo: a bundle of this one model

    @cached_property
    def corpus(self) -> OwnCorpus:
        """The recordings.

        Raises:
            UsageError: see ``read_own``.
        """
        return read_own(self.index)

    @cached_property
    def noises(self) -> list[Clip]:
        """Sounds to mix into copies; None where ESC-10 is absent: then nothing is mixed in."""
        return noises(self.corpora, "train") if (self.corpora / "esc10").is_dir() else []

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe of this size for these recordings."""
        made = own_recipe(self.size, self.corpus.name, epochs=self.epochs, with_noises=bool(self.noises))
        return dataclasses.replace(made, name=f"own-{self.model.replace(' ', '-')}") if self.model else made
