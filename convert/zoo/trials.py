"""Trials: one recogniser, trained and tested on one split of a problem's clips with one seed.

    Trial ──split──► training, validation, test clips ──fit, scores──► result: confusion a speaker, top-3, CPU seconds

``apart`` splits by the problem's folds: no speaker is on two sides.  ``leaky`` is what many publications do, so that
readers see why their figures are higher: clips are repeated until all labels are equally frequent, then split at
random, so copies of a clip and other clips of its speaker are on both sides, and an epoch is chosen on the test clips.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from convert.corpora.clip import Clip
from convert.score.folds import fold_row
from convert.score.metrics import top
from convert.zoo.catalogue import ENTRIES
from convert.zoo.features.store import Store
from convert.zoo.learning.classical import oversampled
from convert.zoo.problems import Problem, Sides
from convert.zoo.recogniser import Medium, Task
from edged.features.logmel import Floats

Protocol = Literal["apart", "leaky"]
SEEDS = (1, 2, 3)
_TEST_SHARE = 0.2  # of the leaky protocol
TOP = 3


@dataclass(frozen=True, slots=True, order=True)
class Trial:
    """What is run; its name is that of its result."""

    problem: str
    entry: str
    protocol: Protocol
    fold: int  # of the folds by speaker; 0 where the protocol has one split
    seed: int

    @property
    def name(self) -> str:
        """Letters, digits, ``-``, ``+`` and ``_``."""
        entry = self.entry.replace(" ", "_").replace(",", "")
        return f"{self.problem}-{entry}-{self.protocol}-fold{self.fold}-seed{self.seed}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A trial's scores, in the order of its test clips, and what they cost."""

    scores: Floats  # (n, n_labels)
    seconds: float | None  # of the processor, remembered trainings included; None where a member was not timed
    multiply_adds: int


Known = Callable[[Trial], Outcome | None]  # what is stored of a trial that was run before


def suits(problem: Problem, entry: str, media: frozenset[Medium]) -> bool:
    """Whether ``entry`` is run on ``problem``, of which every clip has ``media``."""
    chosen = ENTRIES[entry]
    named = problem.name in chosen.problems if chosen.problems else not problem.special
    return chosen.needs <= media and (named or problem.open_to_all)


def trials_of(problem: Problem, entry: str, seeds: Sequence[int] = SEEDS) -> list[Trial]:
    """Every trial of ``entry`` on ``problem``; the leaky protocol has one split and the first seed."""
    own = seeds[: ENTRIES[entry].n_seeds]
    found = [Trial(problem.name, entry, "apart", fold, seed) for seed in own for fold in range(problem.n_folds)]
    return [*found, Trial(problem.name, entry, "leaky", 0, seeds[0])]


def run(
    trial: Trial, problem: Problem, clips: Sequence[Clip], store: Store, known: Known
) -> tuple[dict[str, Any], Floats]:
    """The trial's result as plain values, and its scores; ``clips`` are those of its problem."""
    task = Task(problem.labels, trial.seed)
    sides = _leaky(task, clips) if trial.protocol == "leaky" else problem.sides(clips, trial.fold)
    found = _outcome(trial, task, sides, store, known)
    truth = task.truth(sides["test"])
    row = fold_row(task.labels, truth, found.scores.argmax(axis=1), [clip.speaker for clip in sides["test"]])
    result = {
        **row,
        "top3": round(top(truth, found.scores, TOP), 4),
        "cpu_s": None if found.seconds is None else round(found.seconds, 1),
        "multiply_adds": found.multiply_adds,
    }
    return result, found.scores


def _outcome(trial: Trial, task: Task, sides: Sides, store: Store, known: Known) -> Outcome:
    """Of one recogniser, or the mean over members, of which those that were run before are not trained again."""
    entry = ENTRIES[trial.entry]
    if entry.make is None:
        members = [replace(trial, entry=name) for name in entry.members]
        found = [known(member) or _outcome(member, task, sides, store, known) for member in members]
        return Outcome(
            np.mean([one.scores for one in found], axis=0),
            _sum([one.seconds for one in found]),
            sum(one.multiply_adds for one in found),
        )
    began_s, saved_s = time.process_time(), store.saved_s
    recogniser = entry.make(store)
    recogniser.fit(task, sides["train"], sides["validation"])
    scores = recogniser.scores(sides["test"])
    seconds = time.process_time() - began_s + store.saved_s - saved_s
    return Outcome(scores, seconds, recogniser.multiply_adds)


def _sum(seconds: Sequence[float | None]) -> float | None:
    timed = [one for one in seconds if one is not None]
    return sum(timed) if len(timed) == len(seconds) else None


def _leaky(task: Task, clips: Sequence[Clip]) -> Sides:
    generator = np.random.default_rng(task.seed)
    order = generator.permutation(oversampled(task.truth(clips), task.seed))
    n_test = round(_TEST_SHARE * len(order))
    test = [clips[index] for index in order[:n_test]]
    return {"train": [clips[index] for index in order[n_test:]], "validation": test, "test": test}
