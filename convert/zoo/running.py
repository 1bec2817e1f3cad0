"""Trials over processes; a result is stored as soon as it is there.

    trials ──those without a result──► workers, each with its corpora and features ──► <folder>/<trial>.json, .npy

Trials are independent.  The process that started them writes the results, so a worker that dies costs one trial, which
is tried again; an interrupted run resumes where it stopped.
"""

import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from typing import Any

import numpy as np
from tqdm import tqdm

from convert.data import dataset
from convert.data.atomic_file import atomic
from convert.zoo import problems, trials
from convert.zoo.features.store import Store
from convert.zoo.own_problem import own_problem
from convert.zoo.problems import Places
from convert.zoo.trials import Outcome, Trial
from edged.errors import UsageError
from edged.features.logmel import Floats

Done = tuple[Trial, dict[str, Any], Floats]
Spread = Callable[[Places, Sequence[Trial], int], Iterator[Done]]  # runs trials on so many workers
_N_TRIES = 3  # of a trial whose worker dies
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def results(places: Places, wanted: Sequence[Trial]) -> dict[Trial, dict[str, Any]]:
    """What is there already."""
    found = {}
    for trial in wanted:
        file = places.results / f"{trial.name}.json"
        if file.is_file():
            found[trial] = json.loads(file.read_text(encoding="utf-8"))
    return found


def on_processes(places: Places, missing: Sequence[Trial], jobs: int) -> Iterator[Done]:
    """Runs trials in ``jobs`` processes, in about their order.

    Raises:
        UsageError: workers died again and again.
    """
    left, tries = list(missing), 0
    while left:
        try:
            for trial, result, scores in _once(places, left, jobs):
                left.remove(trial)
                tries = 0
                yield trial, result, scores
        except BrokenProcessPool as exc:
            tries += 1
            if tries == _N_TRIES:
                raise UsageError(
                    f"{left[0].name}: a worker died {_N_TRIES} times in a row; expected more memory"
                ) from exc


def run_all(places: Places, wanted: Sequence[Trial], jobs: int, commit: str, spread: Spread = on_processes) -> None:
    """Runs the trials that have no result, in their order, and stores each result."""
    known = results(places, wanted)
    missing = [trial for trial in wanted if trial not in known]
    # Before the workers, which would all compute the same log-mel at once.
    for name in sorted({trial.problem for trial in missing}):
        audible = [clip for clip in problems.clips_of(name, places) if clip.audio or clip.stored]
        dataset.prepare(audible, places.work / "cache")
    done = spread(places, missing, jobs)
    for trial, result, scores in tqdm(done, total=len(missing), desc="zoo", unit="trial", disable=not missing or None):
        with atomic(places.results / f"{trial.name}.npy") as made:
            np.save(made, scores.astype(np.float32))
        with atomic(places.results / f"{trial.name}.json") as made:
            made.write(json.dumps({**result, "commit": commit}).encode())


def one(places: Places, trial: Trial) -> Done:
    """Runs a trial, in a worker."""
    if places.own is not None:
        own_problem(places.own)
    problem = problems.named(trial.problem)
    clips = problems.clips_of(trial.problem, places)
    result, scores = trials.run(trial, problem, clips, _store(places), lambda other: stored(places, other))
    return trial, result, scores


def stored(places: Places, trial: Trial) -> Outcome | None:
    """What a trial that has a result scored."""
    file, scores = (places.results / f"{trial.name}{suffix}" for suffix in (".json", ".npy"))
    if not (file.is_file() and scores.is_file()):
        return None
    result = json.loads(file.read_text(encoding="utf-8"))
    return Outcome(np.load(scores), result.get("cpu_s"), result["multiply_adds"])


@cache
def _store(places: Places) -> Store:
    """One a worker, so that features are read once."""
    return Store(places.work / "zoo" / "features", places.work / "cache")


def _once(places: Places, left: Iterable[Trial], jobs: int) -> Iterator[Done]:
    # Spawned: a fork would take TensorFlow's threads along.
    context = multiprocessing.get_context("spawn")
    queue = iter(list(left))
    with ProcessPoolExecutor(jobs, context, initializer=one_thread) as pool:
        waiting: set[Future[Done]] = set()
        try:
            # A few at a time, so that an interruption need not wait for what was submitted.
            while True:
                for trial in queue:
                    waiting.add(pool.submit(one, places, trial))
                    if len(waiting) > jobs:
                        break
                if not waiting:
                    return
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def one_thread() -> None:
    """Workers share the cores: each keeps its libraries to one thread, and its messages to itself."""
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
