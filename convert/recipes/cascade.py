"""The cascade as it is trained: the labels of each model, and the routes between the models.

    m1: all six ──negative──► m2 ──sad──► m4, ──angry──► m5
                ──positive──► m3 ──neutral──► m4, ──happy──► m5

``m4`` and ``m5`` separate the pairs that are confused across the branches, at low and at high arousal.  All of this
goes into the bundle's manifest: the device knows none of it.  A corpus of other labels has a ``Cascade`` of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from convert.corpora.clip import LABELS
from edged.models.bundle import Branch, Node

__all__ = ["FIRST", "HARD", "LABELS", "SIX", "TASKS", "Cascade"]

TASKS: dict[str, tuple[str, ...]] = {
    "m1": LABELS,
    "m2": ("angry", "disgust", "fear", "sad"),
    "m3": ("happy", "neutral"),
    "m4": ("neutral", "sad"),
    "m5": ("angry", "happy"),
}
FIRST = "m1"  # whose weights the others start from

HARD = Node(
    "m1",
    (
        Branch(
            ("angry", "disgust", "fear", "sad"),
            Node("m2", (Branch(("sad",), Node("m4")), Branch(("angry",), Node("m5")))),
        ),
        Branch(("happy", "neutral"), Node("m3", (Branch(("neutral",), Node("m4")), Branch(("happy",), Node("m5"))))),
    ),
)


@dataclass(frozen=True, slots=True)
class Cascade:
    """Models and routes; the first model is ``m1``, which answers all labels."""

    tasks: Mapping[str, tuple[str, ...]]  # labels by model
    hard: Node

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels, in the order of the first model."""
        return self.tasks[FIRST]

    def number(self, task: str) -> int:
        """The place of a model among the others, from 0."""
        return list(self.tasks).index(task)


SIX = Cascade(TASKS, HARD)
