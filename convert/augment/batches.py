"""Augmented batches, made beside the training.

    Dataset, targets, seed, epoch ──threads──► images (b, 188, 64, 1) 0..1; targets of labels, of heads, of a teacher

A batch's random numbers come from seed, epoch and its number alone: however many threads make them, and wherever
a training that was killed goes on, the batches are the same.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from convert.augment.logmel import Batch, augmented, floors, mixed
from convert.data.dataset import Dataset
from convert.recipes.spec import Recipe
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_AHEAD = 6  # batches that wait to be used

Made = tuple[Batch, Floats, Floats, Floats]


@dataclass(frozen=True, slots=True)
class Batches:
    """An endless supply for one model; row i of the targets belongs to clip i."""

    dataset: Dataset
    labels: Floats
    heads: Floats
    soft: Floats  # what a teacher heard; the label targets where there is none
    recipe: Recipe
    seed: int
    n_threads: int = 1
    _floors: Batch = field(init=False)  # of each clip, none where the recipe leaves them alone

    def __post_init__(self) -> None:
        found = self.dataset
        own = floors(found.frames, found.start, found.length) if self.recipe.augment.clean_p else np.empty((0, 0), "f4")
        object.__setattr__(self, "_floors", own)

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
        places = rows
        if dataset.n_copies:
            places = rows + len(dataset.clips) * rng.integers(0, dataset.n_copies + 1, len(rows))
        own = self._floors[places] if len(self._floors) else None
        images = augmented(dataset.frames, dataset.start[places], dataset.length[places], spec, rng, own)
        targets = (self.labels[rows], self.heads[rows], self.soft[rows])
        images, (labels, heads, soft) = mixed(images, targets, spec, rng)
        return images[..., None] / np.float32(GEOMETRY.top_db) + np.float32(1), labels, heads, soft
