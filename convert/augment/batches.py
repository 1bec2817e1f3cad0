"""Augmented batches, computed in parallel to the training.

    Dataset, targets, seed, epoch ──threads──► images (b, 188, 64, 1) 0..1; targets of labels, of heads, of a teacher

A batch's random numbers depend on seed, epoch and its number alone: the batches are the same for any number of threads,
and after a training was killed and resumed.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from convert.augment.logmel import Batch, augmented, floors, mixed
from convert.data.dataset import Dataset
from convert.recipes.spec import Recipe
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_AHEAD = 6  # batches computed in advance

_Result = TypeVar("_Result")
Made = tuple[Batch, Floats, Floats, Floats]


@dataclass(frozen=True, slots=True)
class Batches:
    """An endless supply for one model; row i of the targets belongs to clip i."""

    dataset: Dataset
    labels: Floats
    heads: Floats
    soft: Floats  # the teacher's scores; the label targets where there is no teacher
    recipe: Recipe
    seed: int
    n_threads: int = 1
    _floors: Batch = field(init=False)  # of each clip; empty where the recipe does not remove them

    def __post_init__(self) -> None:
        clips = self.dataset
        removed = self.recipe.augment.clean_p > 0
        by_clip = floors(clips.frames, clips.start, clips.length) if removed else np.empty((0, 0), np.float32)
        object.__setattr__(self, "_floors", by_clip)

    @property
    def rows(self) -> NDArray[np.int64]:
        """The clips of an epoch, those of a repeated corpus as often as the recipe asks."""
        repeats = dict(self.recipe.repeats)
        counts = [repeats.get(clip.corpus, 1) for clip in self.dataset.clips]
        return np.repeat(np.arange(len(counts)), counts)

    def __len__(self) -> int:
        """Batches in an epoch; a last incomplete batch is dropped."""
        return max(1, len(self.rows) // self.recipe.batch)

    def epoch(self, number: int) -> Iterator[Made]:
        """The batches of epoch ``number``."""
        order = np.random.default_rng((self.seed, number)).permutation(self.rows)
        size = self.recipe.batch
        jobs = ((number, index, order[index * size : (index + 1) * size]) for index in range(len(self)))
        yield from in_advance(self._made, jobs, self.n_threads)

    def _made(self, epoch: int, index: int, rows: NDArray[np.int64]) -> Made:
        rng = np.random.default_rng((self.seed, epoch, index))
        spec, dataset = self.recipe.augment, self.dataset
        versions = rows
        if dataset.n_copies:
            versions = rows + len(dataset.clips) * rng.integers(0, dataset.n_copies + 1, len(rows))
        of_clips = self._floors[versions] if len(self._floors) else None
        images = augmented(dataset.frames, dataset.start[versions], dataset.length[versions], spec, rng, of_clips)
        targets = (self.labels[rows], self.heads[rows], self.soft[rows])
        images, (labels, heads, soft) = mixed(images, targets, spec, rng)
        return network_input(images), labels, heads, soft


def network_input(images: Batch) -> Batch:
    """(b, n_frames, n_bands, 1) 0..1 of ``images`` (b, n_frames, n_bands) in dB, -80..0."""
    return np.asarray(images[..., None] / np.float32(GEOMETRY.top_db) + np.float32(1), np.float32)


def in_advance(make: Callable[..., _Result], jobs: Iterable[tuple[Any, ...]], n_threads: int) -> Iterator[_Result]:
    """The results of ``make`` for each of ``jobs``, in order, a few of them computed in advance."""
    with ThreadPoolExecutor(n_threads) as pool:
        waiting: deque[Future[_Result]] = deque()
        for job in jobs:
            waiting.append(pool.submit(make, *job))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
