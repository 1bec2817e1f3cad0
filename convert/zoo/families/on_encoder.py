"""Entries of the pretrained encoder that runs on a CPU: its frozen features under a classifier.

encoder (2304,) ──► logistic regression ──► scores (n, n_labels)
"""

from collections.abc import Sequence
from functools import partial

from convert.corpora.clip import Clip
from convert.zoo.features.encoder import ENCODER, multiply_adds
from convert.zoo.features.store import Store
from convert.zoo.learning.classical import DESCRIBED, KINDS, Classical
from convert.zoo.learning.vectors import OfSound
from convert.zoo.recogniser import Entry, Task
from edged.features.logmel import Floats


class OnEncoder:
    """A classifier of the encoder's features, which are counted with it: they are its own and cost the most."""

    def __init__(self, name: str, store: Store) -> None:
        self._classifier = Classical(OfSound(store, ENCODER), KINDS[name])

    def fit(self, task: Task, training: Sequence[Clip], validation: Sequence[Clip]) -> None:
        """See ``Recogniser``."""
        self._classifier.fit(task, training, validation)

    def scores(self, clips: Sequence[Clip]) -> Floats:
        """See ``Recogniser``."""
        return self._classifier.scores(clips)

    @property
    def multiply_adds(self) -> int:
        """See ``Recogniser``."""
        return multiply_adds() + self._classifier.multiply_adds


ENTRIES = [
    Entry(
        name="LR on encoder",
        family="pretrained on sound",
        what=f"2304 features of the large bundle's frozen encoder (Whisper-tiny, 1.5 layers); {DESCRIBED['LR']}",
        source="this project",
        needs=frozenset({"log-mel"}),
        make=partial(OnEncoder, "LR"),
    )
]
