"""wav2vec 2.0 (Baevski et al. 2020), fine-tuned: a pretrained encoder of samples with a classifier on it.

    samples (n,) of mean 0 and variance 1 ──convolutions, Transformer──► mean over positions ──► softmax (n_labels,)

The extra convert-torch brings PyTorch and transformers; the weights are a folder of the user's own, which the
environment variable EDGED_WAV2VEC2 names.  Nothing is fetched.  AdamW, gradients clipped at 1.0; the epoch is chosen on
validation speakers.  A founding document (see docs/zoo.md) trains it at a rate of 0.01, which destroys what was
pretrained; that entry is kept beside one with a usual rate.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from convert.corpora.clip import Clip
from convert.data import recordings
from convert.score.metrics import confusion, uar
from convert.zoo.features.store import Store
from convert.zoo.recogniser import Entry, Task
from edged.errors import UsageError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

VARIABLE = "EDGED_WAV2VEC2"
_SECONDS = 3
_CLIP = 1.0  # of a gradient's norm


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How it is fine-tuned."""

    rate: float
    epochs: int = 10
    batch: int = 8


class Wav2Vec2:
    """The checkpoint in ``folder`` with a new head."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings, self._folder = settings, folder
        self._model: Any = None

    def fit(self, task: Task, training: Sequence[Clip], validation: Sequence[Clip]) -> None:
        """See ``Recogniser``.

        Raises:
            UsageError: the extra is not installed, or the folder has no checkpoint.
        """
        torch, transformers = _libraries()
        transformers.set_seed(task.seed)  # PyTorch, and numpy, which masks positions in training
        try:
            self._model = transformers.AutoModelForAudioClassification.from_pretrained(
                self._folder, local_files_only=True, num_labels=len(task.labels), ignore_mismatched_sizes=True
            )
        except (OSError, ValueError) as exc:
            reason = str(exc).splitlines()[0][:200]
            raise UsageError(f"{self._folder}: {reason}, expected a checkpoint of wav2vec 2.0 ({VARIABLE})") from exc
        optimizer = torch.optim.AdamW(self._model.parameters(), lr=self._settings.rate)
        truth, rng = task.truth(training), np.random.default_rng(task.seed)
        known, best, weights = task.truth(validation), -1.0, {}
        for _ in range(self._settings.epochs):
            self._epoch(torch, training, truth, optimizer, rng)
            predictions = self.scores(validation).argmax(axis=1)
            found = uar(confusion(known, predictions, len(task.labels)))
            if found > best:
                best = found
                weights = {name: value.clone() for name, value in self._model.state_dict().items()}
        self._model.load_state_dict(weights)

    def scores(self, clips: Sequence[Clip]) -> Floats:
        """See ``Recogniser``."""
        torch, _ = _libraries()
        self._model.eval()
        with torch.no_grad():
            parts = [
                torch.softmax(self._model(input_values=self._batch(torch, clips[first : first + size])).logits, dim=1)
                for size in (self._settings.batch,)
                for first in range(0, len(clips), size)
            ]
        return np.asarray(torch.cat(parts).numpy(), np.float32)

    @property
    def multiply_adds(self) -> int:
        """See ``Recogniser``: convolutions, projection, positions and Transformer, for 3 s."""
        config = self._model.config
        length, width, total = _SECONDS * GEOMETRY.sample_rate_hz, 1, 0
        for channels, kernel, stride in zip(config.conv_dim, config.conv_kernel, config.conv_stride, strict=True):
            length = (length - kernel) // stride + 1
            total += length * kernel * width * channels
            width = channels
        hidden = config.hidden_size
        total += (
            length * hidden * (width + config.num_conv_pos_embeddings * hidden // config.num_conv_pos_embedding_groups)
        )
        layer = length * (4 * hidden * hidden + 2 * hidden * config.intermediate_size) + 2 * length * length * hidden
        return int(total + config.num_hidden_layers * layer)

    def _epoch(self, torch: Any, clips: Sequence[Clip], truth: Any, optimizer: Any, rng: np.random.Generator) -> None:  # noqa: ANN401 -- torch has no types here
        self._model.train()
        order = rng.permutation(len(clips))
        for first in range(0, len(order), self._settings.batch):
            rows = order[first : first + self._settings.batch]
            batch = self._batch(torch, [clips[row] for row in rows])
            loss = self._model(input_values=batch, labels=torch.tensor(truth[rows])).loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self._model.parameters(), _CLIP)
            optimizer.step()

    def _batch(self, torch: Any, clips: Sequence[Clip]) -> Any:  # noqa: ANN401 -- as above
        """(n, samples), zeros after the end of shorter clips."""
        rows = [_normalized(clip) for clip in clips]
        values = np.zeros((len(rows), max(map(len, rows))), np.float32)
        for value, row in zip(values, rows, strict=True):
            value[: len(row)] = row
        return torch.from_numpy(values)


def _normalized(clip: Clip) -> Floats:
    """The first 3 s with mean 0 and variance 1, as the checkpoints expect."""
    if clip.audio is None:
        raise ValueError(f"clip {clip.id} has no audio")
    samples = recordings.samples(clip.audio, clip.padded_s)[: _SECONDS * GEOMETRY.sample_rate_hz]
    return np.asarray((samples - samples.mean()) / np.sqrt(samples.var() + 1e-7), np.float32)


def _libraries() -> tuple[Any, Any]:
    try:
        import torch  # noqa: PLC0415 -- an extra
        import transformers  # noqa: PLC0415 -- as above
    except ImportError as exc:
        raise UsageError(f"{exc}: expected the extra convert-torch: pip install -e '.[convert-torch]'") from exc
    return torch, transformers


def _made(rate: float, _store: Store) -> Wav2Vec2:
    folder = os.environ.get(VARIABLE)
    if not folder:
        raise UsageError(f"{VARIABLE}: not set, expected the folder of a checkpoint of wav2vec 2.0")
    return Wav2Vec2(Settings(rate=rate), Path(folder))


ENTRIES = [
    Entry(
        name=f"wav2vec 2.0, rate {rate}",
        family="pretrained on sound",
        what="samples; wav2vec 2.0, fine-tuned with AdamW, gradients clipped at 1.0",
        source=source,
        needs=frozenset({"sound"}),
        make=partial(_made, rate),
        n_seeds=1,
        reason=f"its weights are the user's own: {VARIABLE}; tested on a tiny random checkpoint",
        variable=VARIABLE,
    )
    for rate, source in (
        (0.01, "founding document: 0.14, below chance"),
        (1e-5, "Baevski et al. 2020, arXiv 2006.11477"),
    )
]
