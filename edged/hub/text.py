"""What scores a sentence: the interface between the hub and its text model.

    sentence ──TextScorer──► {"angry": 0.7, …}, or None: no evidence

None stands for another language and for a sentence without a known word: that is no neutral mood, it is nothing known.
The sentence is used in memory and dropped.  A scorer neither logs, stores nor returns any part of it.
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
