"""Batches of places: clips of one speaker with one microphone, room and noise, adapted to each other.

    Dataset, targets, seed, epoch ──► images (b, 188, 64, 1); targets; which clips each clip is adapted to (b, b)

A place is a handful of clips of one speaker, all changed in the same way.  Each clip is adapted to some others of its
place, few or many and of any emotion, weighted as the device would weight that many; a share is not adapted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from convert.augment.batches import in_advance, network_input
from convert.augment.logmel import Batch, augmented, floors
from convert.data.dataset import Dataset
from convert.recipes.spec import Recipe, TowerSpec
from convert.train.trunk.teacher import Targets
from edged.errors import UsageError
from edged.features.logmel import Floats

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Made:
    """A batch; its arrays are those that the loss takes."""

    images: Batch  # (b, n_frames, n_bands, 1), 0..1
    labels: Floats  # (b, n_labels) shares
    truth: Indices  # (b,) index of the intended label
    components: Floats  # (b, k) of the encoder's features
    adapted_to: Floats  # (b, b) rows that sum up to 1, or to 0 where nothing is adapted
    weight: Floats  # (b, 1) of the adaptation


@dataclass(frozen=True, slots=True)
class Places:
    """Batches of any number of epochs; row i of the targets belongs to clip i of ``dataset``."""

    dataset: Dataset
    labels: Floats  # (n_clips, n_labels) shares
    truth: Indices  # (n_clips,)
    targets: Targets
    recipe: Recipe
    spec: TowerSpec
    seed: int
    n_threads: int = 1
    _floors: Batch = field(init=False)

    def __post_init__(self) -> None:
        clips = self.dataset
        object.__setattr__(self, "_floors", floors(clips.frames, clips.start, clips.length))

    def __len__(self) -> int:
        """Batches in an epoch; a last incomplete one is dropped."""
        return max(1, len(self._places(0)) // self._n_places)

    def epoch(self, number: int) -> Iterator[Made]:
        """The batches of epoch ``number``."""
        places = self._places(number)
        size = self._n_places
        jobs = ((number, index, places[index * size : (index + 1) * size]) for index in range(len(self)))
        yield from in_advance(self._made, jobs, self.n_threads)

    @property
    def _n_places(self) -> int:
        return self.recipe.batch // self.spec.place

    def _places(self, number: int) -> Indices:
        """(n, place) clips of one speaker each, a clip in one place at most for each repeat of its corpus.

        Raises:
            UsageError: no speaker has enough clips for a place.
        """
        rng = np.random.default_rng((self.seed, number))
        speakers = np.array([f"{clip.corpus} {clip.speaker}" for clip in self.dataset.clips])
        repeats = dict(self.recipe.repeats)
        places = []
        for speaker in np.unique(speakers):
            of_speaker = np.flatnonzero(speakers == speaker)
            for _ in range(repeats.get(self.dataset.clips[of_speaker[0]].corpus, 1)):
                clips = rng.permutation(of_speaker)
                n_places = len(clips) // self.spec.place
                places.append(clips[: n_places * self.spec.place].reshape(n_places, self.spec.place))
        found = np.concatenate(places)
        if not len(found):
            raise UsageError(f"training clips: no speaker has {self.spec.place}, expected some with so many")
        return rng.permutation(found)

    def _made(self, epoch: int, index: int, places: Indices) -> Made:
        rng = np.random.default_rng((self.seed, epoch, index))
        clips, place = places.reshape(-1), np.repeat(np.arange(len(places)), self.spec.place)
        dataset = self.dataset
        versions = clips + len(dataset.clips) * rng.integers(0, dataset.n_copies + 1, len(places))[place]
        start, length = dataset.start[versions], dataset.length[versions]
        images = augmented(dataset.frames, start, length, self.recipe.augment, rng, self._floors[versions], place)
        adapted_to, weight = self._adapted_to(place, rng)
        return Made(
            network_input(images),
            self.labels[clips],
            self.truth[clips],
            self.targets.components[clips],
            adapted_to,
            weight,
        )

    def _adapted_to(self, place: Indices, rng: np.random.Generator) -> tuple[Floats, Floats]:
        adapted_to = np.zeros((len(place), len(place)), np.float32)
        weight = np.zeros((len(place), 1), np.float32)
        for row in np.flatnonzero(rng.random(len(place)) < self.spec.adapted_p):
            others = np.flatnonzero(place == place[row])
            others = others[others != row]
            chosen = rng.permutation(others)[: int(rng.choice(self.spec.statistics_of))]
            adapted_to[row, chosen] = 1 / len(chosen)
            weight[row] = len(chosen) / (len(chosen) + self.spec.caution)
        return adapted_to, weight
