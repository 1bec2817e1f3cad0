"""The interface between the hub and its text model.

    sentence ──TextScorer──► {"angry": 0.7, …}, or None: no evidence

None stands for another language or a sentence without a known word: that is no evidence, and not neutral.  The sentence
is used in memory and dropped: a scorer neither logs, stores nor returns any part of it.
"""

from collections.abc import Mapping
from typing import Protocol


class TextScorer(Protocol):
    """One text model, loaded."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The emotions that it scores, and ``other`` for everything else."""

    def scores(self, sentence: str) -> Mapping[str, float] | None:
        """A probability for each label, sum 1; None without evidence.  Takes any text and never raises."""
