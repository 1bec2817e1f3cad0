"""Tables of sentences with emotions to texts and labels.

    <corpus>_<split>.tsv: text, labels ──rows with one label──► Sentences: texts (n,), labels (n,) in 0..6

GoEmotions (Demszky et al. 2020; Google Research, Apache-2.0) is Reddit's comments in English, in the Ekman grouping.
MELD (Poria et al. 2019; GPL-3.0) is the dialogue of a television series: only evaluated on, no weights come from it.
The sensor has no surprise: it becomes ``other``, which says that the words carry an emotion, and none of the six.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from convert.corpora.clip import LABELS
from edged.errors import UsageError

OTHER = "other"
TEXT_LABELS = (*LABELS, OTHER)
LICENCES = {"goemotions": "Apache-2.0", "meld": "GPL-3.0, evaluation only"}
CITES = {"goemotions": "Demszky et al. 2020, ACL, arXiv:2005.00547", "meld": "Poria et al. 2019, ACL, arXiv:1810.02508"}
_LABEL_OF = {
    "anger": "angry",
    "disgust": "disgust",
    "fear": "fear",
    "joy": "happy",
    "neutral": "neutral",
    "sadness": "sad",
    "surprise": OTHER,
}
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Sentences:
    """Texts, and the index of each one's label in ``TEXT_LABELS``."""

    texts: list[str]
    labels: NDArray[np.int64]

    def first(self, count: int) -> "Sentences":
        """The first ``count`` of them."""
        return Sentences(self.texts[:count], self.labels[:count])


def read(folder: Path, corpus: str, split: Split) -> Sentences:
    """The sentences of ``<corpus>_<split>.tsv`` in ``folder`` that have exactly one label.

    Raises:
        UsageError: the table is absent, or a line of it is not a text and labels that are known.
    """
    table = folder / f"{corpus}_{split}.tsv"
    try:
        head, *lines = table.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise UsageError(f"{table}: {reason}, expected sentences (option --text)") from exc
    columns = head.split("\t")
    if columns[0] != "text" or len(columns) == 1 or columns[1] not in {"label", "labels"}:
        raise UsageError(f"{table}: columns are {columns}, expected text and labels")
    texts, labels = [], []
    for number, line in enumerate(lines, start=2):
        cells = line.split("\t")
        names = cells[1].split(",") if len(cells) == len(columns) else []
        if not names or not set(names) <= _LABEL_OF.keys():
            raise UsageError(f"{table}:{number}: expected {len(columns)} columns, labels of {', '.join(_LABEL_OF)}")
        if len(names) == 1:
            texts.append(cells[0])
            labels.append(TEXT_LABELS.index(_LABEL_OF[names[0]]))
    if not texts:
        raise UsageError(f"{table}: no sentence with one label, expected some")
    return Sentences(texts, np.array(labels, np.int64))
