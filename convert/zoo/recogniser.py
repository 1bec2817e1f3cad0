"""The interface that every recogniser of the zoo has, and its entry in the catalogue.

    Entry: name, family, source ──make──► Recogniser ──fit(training, validation)──► scores(clips) (n, n_labels)

A new recogniser is one file in ``families``: a class of this form, and an ``ENTRIES`` list with an ``Entry``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import Clip
from convert.zoo.features.store import Store
from edged.features.logmel import Floats

Family = Literal[
    "hand-crafted features",
    "networks on frames",
    "networks on spectrograms",
    "pretrained on sound",
    "words",
    "sound and words",
]
Medium = Literal["sound", "log-mel", "words"]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be recognised, and with which seed."""

    labels: tuple[str, ...]
    seed: int

    def truth(self, clips: Sequence[Clip]) -> NDArray[np.int64]:
        """(n,) index of each clip's label, which is one of ``labels``."""
        return np.array([self.labels.index(str(clip.label)) for clip in clips], np.int64)


class Recogniser(Protocol):
    """A classifier of clips.  It is fitted once."""

    def fit(self, task: Task, training: Sequence[Clip], validation: Sequence[Clip]) -> None:
        """Learns from ``training`` alone; so do scalers, vocabularies and oversampling.

        ``validation`` has other speakers.  An epoch or a parameter is chosen on it, nothing is learned from it.
        """

    def scores(self, clips: Sequence[Clip]) -> Floats:
        """(n, n_labels) probabilities, each row with sum 1."""

    @property
    def multiply_adds(self) -> int:
        """Of one clip of 3 s or one sentence, after ``fit``, without the features; of trees the comparisons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A recogniser by name: either ``make`` builds it, or its scores are the mean of those of its ``members``."""

    name: str
    family: Family
    what: str  # input and architecture in a line
    source: str  # who proposes it, and the figure that is published
    needs: frozenset[Medium]  # what its features are computed from
    make: Callable[[Store], Recogniser] | None = None
    members: tuple[str, ...] = ()  # names of other entries
    weights_of: str = ""  # another entry, of whose training this one is a further use
    problems: tuple[str, ...] = ()  # the only ones that it is run on; empty: every one that is not special
    n_seeds: int = 3  # 1 where training takes long
    reason: str = ""  # why it is trained only where it is named, or with --slow
    variable: str = ""  # of the environment: names weights of the user's own, without which it cannot be trained
