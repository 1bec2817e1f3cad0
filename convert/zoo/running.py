"""Trials over workers; a result is stored as soon as it is there.

    trials ──those without a result──► jobs, each with its corpora and features ──► <folder>/<trial>.json, .npy

Trainings are independent; a job is one, with the trials that use it.  The process that started them writes the results,
so a worker that dies costs one job, which is tried again; an interrupted run resumes where it stopped.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from convert.data import dataset
from convert.data.atomic_file import atomic
from convert.data.own_sound import check_sound
from convert.score.metrics import Counts, among_top
from convert.tasks.job import Job, Result, Workers
from convert.zoo import problems, trials
from convert.zoo.catalogue import ENTRIES
from convert.zoo.features.store import Store
from convert.zoo.own_problem import own_problem
from convert.zoo.problems import Places
from convert.zoo.recogniser import Task
from convert.zoo.trials import Outcome, Trial


def results(places: Places, wanted: Sequence[Trial]) -> dict[Trial, dict[str, Any]]:
    """The results that are stored already, with ``top3_hits`` of each speaker where their scores are there."""
    found = {}
    for trial in wanted:
        file = _file(places, trial)
        if file.is_file():
            result = json.loads(file.read_text(encoding="utf-8"))
            hits = _top3_hits(places, trial, result) if trial.protocol == "apart" else None
            found[trial] = result if hits is None else {**result, "top3_hits": hits}
    return found


def run_all(places: Places, wanted: Sequence[Trial], workers: Workers, commit: str) -> None:
    """Runs the trials that have no result, roughly in their order, and stores each result.

    Raises:
        UsageError: one of a user's recordings holds no sound, or the same trial lost its worker several times.
    """
    missing = [trial for trial in wanted if not _file(places, trial).is_file()]
    # Before the workers, which would all compute the same log-mel at once.
    for name in sorted({trial.problem for trial in missing}):
        audible = [clip for clip in problems.clips_of(name, places) if clip.audio or clip.stored]
        dataset.prepare(audible, places.work / "cache")
        if places.own is not None:
            check_sound(places.own, audible, places.work / "cache")
    groups = {group[0].name: group for group in _by_training(missing)}
    done = workers.results([Job(name, values_of, (places, *group)) for name, group in groups.items()])
    with tqdm(total=len(missing), desc="zoo", unit="trial", disable=not missing or None) as bar:
        for job, values in done:
            for trial, one in zip(groups[job.name], values["trials"], strict=True):
                with atomic(_file(places, trial, ".npy")) as made:
                    np.save(made, np.array(one["scores"], np.float32))
                with atomic(_file(places, trial)) as made:
                    made.write(json.dumps({**one["result"], "commit": commit}).encode())
            bar.update(len(groups[job.name]))


def _by_training(missing: Sequence[Trial]) -> list[list[Trial]]:
    """The trials that use the same training, in one worker, so that it is not trained twice."""
    groups: dict[Trial, list[Trial]] = {}
    for trial in missing:
        groups.setdefault(replace(trial, entry=ENTRIES[trial.entry].weights_of or trial.entry), []).append(trial)
    return list(groups.values())


def values_of(places: Places, *group: Trial) -> Result:
    """What each trial of ``group`` gives, in a worker: ``result`` as plain values, ``scores`` as rows of numbers."""
    if places.own is not None:
        own_problem(places.own)
    found = []
    for trial in group:
        problem = problems.named(trial.problem)
        clips = problems.clips_of(trial.problem, places)
        result, scores = trials.run(trial, problem, clips, _store(places), lambda other: stored(places, other))
        found.append({"result": result, "scores": scores.tolist()})
    return {"trials": found}


def stored(places: Places, trial: Trial) -> Outcome | None:
    """What a trial that has a result scored."""
    file, scores = (_file(places, trial, suffix) for suffix in (".json", ".npy"))
    if not (file.is_file() and scores.is_file()):
        return None
    result = json.loads(file.read_text(encoding="utf-8"))
    return Outcome(np.load(scores), result.get("cpu_s"), result["multiply_adds"])


def _file(places: Places, trial: Trial, suffix: str = ".json") -> Path:
    return places.results / f"{trial.name}{suffix}"


def _top3_hits(places: Places, trial: Trial, result: Mapping[str, Any]) -> dict[str, int] | None:
    """By speaker the clips whose label is among the three best scores; None where the scores are of other clips."""
    file, problem = _file(places, trial, ".npy"), problems.named(trial.problem)
    if not file.is_file():
        return None
    scores, tested = np.load(file), problem.sides(problems.clips_of(trial.problem, places), trial.fold)["test"]
    truth, names = Task(problem.labels, trial.seed).truth(tested), np.array([clip.speaker for clip in tested])
    if len(scores) != len(tested) or _counts(truth, names, result["labels"]) != {
        name: np.sum(matrix, axis=1).tolist() for name, matrix in result["speakers"].items()
    }:
        return None
    hits = among_top(truth, scores, trials.TOP)
    return {name: int(hits[names == name].sum()) for name in result["speakers"]}


def _counts(truth: Counts, names: NDArray[np.str_], labels: Sequence[str]) -> dict[str, list[int]]:
    """By speaker the clips of each label."""
    return {name: np.bincount(truth[names == name], minlength=len(labels)).tolist() for name in set(names.tolist())}


@cache
def _store(places: Places) -> Store:
    """One store for each worker, so that features are read once."""
    return Store(places.work / "zoo" / "features", places.work / "cache")
