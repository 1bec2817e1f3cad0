"""Results of trials to figures, one for each recogniser and problem, with both protocols.

{Trial: result} ──confusions pooled over folds──► UAR with its interval over speakers, WAR, macro-F1, top-3, over seeds

Only seeds of which every fold is there count.  Where there is none yet, the folds of the seed with the most count, and
``n_folds`` says how many they are.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from convert.score.metrics import Counts, interval, uar, war
from convert.zoo import problems
from convert.zoo.trials import Trial

_N_DIGITS = 6  # of a figure; tables show three


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Figures of a recogniser on a problem; means over seeds."""

    problem: str
    entry: str
    n_labels: int  # that occur; chance is one of them
    n_speakers: int
    n_folds: int
    of_folds: int  # that the problem has
    seeds: tuple[int, ...]
    uar: float
    spread: float  # standard deviation of UAR over seeds; 0 of one seed
    low: float  # 95 % interval over speakers, of the first seed
    high: float
    war: float
    macro_f1: float
    top3: float | None
    leaky_uar: float | None  # of the published kind of protocol; None where it was not run
    leaky_macro_f1: float | None
    seconds: float | None  # of the processor, for a fold, training and test
    multiply_adds: int  # of a clip of 3 s or a sentence, without the features; of trees the comparisons
    commit: str  # or several, where folds or seeds were trained at different ones
    command: str

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def summaries(results: Mapping[Trial, Mapping[str, Any]]) -> list[Summary]:
    """One for each problem and recogniser that has a result with speakers apart, in the order of the trials."""
    groups: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in results:
        groups[trial.problem, trial.entry].append(trial)
    found = []
    for (problem, entry), trials in groups.items():
        apart = _complete([trial for trial in trials if trial.protocol == "apart"], problems.named(problem).n_folds)
        if apart:
            leaky = [results[trial] for trial in trials if trial.protocol == "leaky"]
            found.append(_summary(problem, entry, {trial: results[trial] for trial in apart}, leaky))
    return found


def macro_f1(matrix: Counts) -> float:
    """Mean F1 over the labels that occur, from a confusion (n, n) with the true label by row."""
    hits = np.diag(matrix)
    totals = matrix.sum(axis=0) + matrix.sum(axis=1)
    occur = matrix.sum(axis=1) > 0
    return float(np.mean(2 * hits[occur] / totals[occur])) if occur.any() else 0.0


def _complete(apart: Sequence[Trial], n_folds: int) -> list[Trial]:
    """The trials of seeds that have every fold; where there is none, those of the seed with the most."""
    by_seed: dict[int, list[Trial]] = defaultdict(list)
    for trial in apart:
        by_seed[trial.seed].append(trial)
    whole = [trial for trials in by_seed.values() if len(trials) == n_folds for trial in trials]
    return whole or max(by_seed.values(), key=len, default=[])


def _summary(
    problem: str, entry: str, apart: Mapping[Trial, Mapping[str, Any]], leaky: Sequence[Mapping[str, Any]]
) -> Summary:
    seeds = sorted({trial.seed for trial in apart})
    by_seed = [_by_speaker([result for trial, result in apart.items() if trial.seed == seed]) for seed in seeds]
    pooled = [matrices.sum(axis=0) for matrices in by_seed]
    low, high = interval(_over_seeds(apart.values()))
    mixed = _by_speaker(leaky).sum(axis=0) if leaky else None
    uars = [uar(matrix) for matrix in pooled]
    timed = [result["cpu_s"] for result in apart.values() if result.get("cpu_s") is not None]
    n_clips = [int(np.sum(list(result["speakers"].values()))) for result in apart.values()]
    made = Summary(
        problem=problem,
        entry=entry,
        n_labels=int((pooled[0].sum(axis=1) > 0).sum()),
        n_speakers=len(by_seed[0]),
        n_folds=len({trial.fold for trial in apart}),
        of_folds=problems.named(problem).n_folds,
        seeds=tuple(seeds),
        uar=float(np.mean(uars)),
        spread=float(np.std(uars, ddof=1)) if len(uars) > 1 else 0.0,
        low=low,
        high=high,
        war=float(np.mean([war(matrix) for matrix in pooled])),
        macro_f1=float(np.mean([macro_f1(matrix) for matrix in pooled])),
        top3=float(np.average([result["top3"] for result in apart.values()], weights=n_clips)),
        leaky_uar=None if mixed is None else uar(mixed),
        leaky_macro_f1=None if mixed is None else macro_f1(mixed),
        seconds=float(np.mean(timed)) if timed else None,
        multiply_adds=round(np.mean([result["multiply_adds"] for result in apart.values()])),
        commit=", ".join(dict.fromkeys(result.get("commit", "unknown") for result in apart.values())),
        command=f'python -m convert zoo --model "{entry}" {problems.named(problem).option}',
    )
    # Here, not where they are stored: a table of new figures and one of stored ones must round the same numbers.
    rounded: dict[str, Any] = {
        key: round(value, _N_DIGITS) for key, value in asdict(made).items() if isinstance(value, float)
    }
    return replace(made, **rounded)


def _over_seeds(results: Iterable[Mapping[str, Any]]) -> Counts:
    """(n_speakers, n, n) summed over seeds: all have the same clips, so its UAR is the mean of theirs."""
    total: dict[str, Counts] = {}
    for result in results:
        for speaker, matrix in result["speakers"].items():
            total[speaker] = total.get(speaker, 0) + np.array(matrix, np.int64)
    return np.array(list(total.values()))


def _by_speaker(results: Sequence[Mapping[str, Any]]) -> Counts:
    """(n_speakers, n, n) of several folds."""
    return np.array([matrix for result in results for matrix in result["speakers"].values()], np.int64)
