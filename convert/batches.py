"""Augmented batches, made beside the training.

    Dataset, targets, seed, epoch ──threads──► images (b, 188, 64, 1) 0..1, label targets, head targets

A batch's random numbers come from seed, epoch and its number alone: however many threads make them, and wherever
a training that was killed goes on, the batches are the same.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convert.augment import Batch, augmented, mixed
from convert.dataset import Dataset
from convert.recipes import Recipe
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_AHEAD = 6  # batches that wait to be used

Made = tuple[Batch, Floats, Floats]


@dataclass(frozen=True, slots=True)
class Batches:
    """An endless supply for one model; row i of the targets belongs to clip i."""

    dataset: Dataset
    labels: Floats
    heads: Floats
    recipe: Recipe
    seed: int
    n_threads: int = 1

    @property
    def rows(self) -> NDArray[np.int64]:
        """The clips of an epoch, those of a repeated corpus as often as the recipe says."""
        repeats = dict(self.recipe.repeats)
        counts = [repeats.get(clip.corpus, 1) for clip in self.dataset.clips]
        return np.repeat(np.arange(len(counts)), counts)

    def __len__(self) -> int:
        """Batches in an epoch; the last clips of an epoch that fill no batch wait for another."""
        return max(1, len(self.rows) // self.recipe.batch)

    def epoch(self, number: int) -> Iterator[Made]:
        """The batches of epoch ``number``."""
        order = np.random.default_rng((self.seed, number)).permutation(self.rows)
        with ThreadPoolExecutor(self.n_threads) as pool:
            waiting: deque[Future[Made]] = deque()
            for place in range(len(self)):
                chosen = order[place * self.recipe.batch : (place + 1) * self.recipe.batch]
                waiting.append(pool.submit(self._made, number, place, chosen))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _made(self, epoch: int, place: int, rows: NDArray[np.int64]) -> Made:
        rng = np.random.default_rng((self.seed, epoch, place))
        spec, dataset = self.recipe.augment, self.dataset
        images = augmented(dataset.frames, dataset.start[rows], dataset.length[rows], spec, rng)
        images, (labels, heads) = mixed(images, (self.labels[rows], self.heads[rows]), spec, rng)
        return images[..., None] / np.float32(GEOMETRY.top_db) + np.float32(1), labels, heads
