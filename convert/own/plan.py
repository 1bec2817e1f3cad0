"""What a bundle of a user's recordings is made with; any process on any machine can be given it.

index, size, seed, folders, routes ──► Plan
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from convert.corpora.clip import Clip
from convert.data.sounds import noises
from convert.own.corpus import OwnCorpus, read_own
from convert.recipes.cascade import Cascade
from convert.recipes.own import own_recipe
from convert.recipes.spec import Recipe


@dataclass(frozen=True)
class Plan:
    """Everything that decides the outcome, except the recordings themselves."""

    index: Path
    size: str  # large: heads on the shipped trunk; small: networks of their own
    seed: int
    epochs: int | None
    cascade: Cascade | None  # None: its routes are made
    corpora: Path  # whose esc10 and noise are mixed into copies, where they are there
    work: Path

    @cached_property
    def corpus(self) -> OwnCorpus:
        """The recordings.

        Raises:
            UsageError: see ``read_own``.
        """
        return read_own(self.index)

    @cached_property
    def noises(self) -> list[Clip]:
        """None where ESC-10 is absent: then clips are not mixed with any."""
        return noises(self.corpora, "train") if (self.corpora / "esc10").is_dir() else []

    @cached_property
    def recipe(self) -> Recipe:
        """Of this size, for these recordings."""
        return own_recipe(self.size, self.corpus.name, epochs=self.epochs, with_noises=bool(self.noises))
