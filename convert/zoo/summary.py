"""Results of trials to figures, one for each recogniser and problem, with both protocols.

{Trial: result} ──confusions pooled over folds──► UAR, WAR, macro-F1, top-3 over seeds, each with its interval

Only seeds of which every fold is there count.  Where there is none yet, the folds of the seed with the most count, and
``n_folds`` says how many they are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from convert.score.intervals import intervals
from convert.score.metrics import Bounds, Counts, interval, macro_f1, uar, war
from convert.zoo import problems
from convert.zoo.trials import Trial

N_DIGITS = 6  # of a figure; tables show three
Published = tuple[float | None, float | None]  # UAR and macro-F1 of the published kind of protocol


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
    war_95: Bounds | None = None  # intervals as that of UAR, of all seeds; None where counts by speaker are unknown
    macro_f1_95: Bounds | None = None
    top3_95: Bounds | None = None
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
            found.append(_summary(problem, entry, {trial: results[trial] for trial in apart}))
    published = published_figures(results)
    return [with_published(one, published) for one in found]


def published_figures(results: Mapping[Trial, Mapping[str, Any]]) -> dict[tuple[str, str], Published]:
    """By problem and recogniser UAR and macro-F1 of the published protocol, which is one trial of its own."""
    found: dict[tuple[str, str], Published] = {}
    for trial, result in results.items():
        if trial.protocol == "leaky":
            matrix = np.sum(list(result["speakers"].values()), axis=0)
            figures = uar(matrix), float(macro_f1(matrix))
            found[trial.problem, trial.entry] = round(figures[0], N_DIGITS), round(figures[1], N_DIGITS)
    return found


def with_published(one: Summary, published: Mapping[tuple[str, str], Published]) -> Summary:
    """``one``, with the figures of the published protocol where it has none."""
    figures = published.get((one.problem, one.entry))
    if figures is None or one.leaky_uar is not None:
        return one
    return replace(one, leaky_uar=figures[0], leaky_macro_f1=figures[1])


def command_of(problem: str, entry: str, seeds: Iterable[int | str]) -> str:
    """The command that trains a row again, with all of its folds and the published protocol."""
    numbers = " ".join(map(str, seeds))
    return f'python -m convert zoo --model "{entry}" {problems.named(problem).option} --seeds {numbers}'


def _complete(apart: Sequence[Trial], n_folds: int) -> list[Trial]:
    """The trials of seeds that have every fold; where there is none, those of the seed with the most."""
    by_seed: dict[int, list[Trial]] = defaultdict(list)
    for trial in apart:
        by_seed[trial.seed].append(trial)
    whole = [trial for trials in by_seed.values() if len(trials) == n_folds for trial in trials]
    return whole or max(by_seed.values(), key=len, default=[])


def _summary(problem: str, entry: str, apart: Mapping[Trial, Mapping[str, Any]]) -> Summary:
    seeds = sorted({trial.seed for trial in apart})
    names = tuple(dict.fromkeys(name for result in apart.values() for name in result["speakers"]))
    of_seeds = [[result for trial, result in apart.items() if trial.seed == seed] for seed in seeds]
    by_seed = np.array([_by_speaker(results, names) for results in of_seeds])
    pooled = by_seed.sum(axis=1)
    low, high = interval(by_seed.sum(axis=0))  # all seeds have the same clips: the UAR of their sum is the mean UAR
    uars = [uar(matrix) for matrix in pooled]
    timed = [result["cpu_s"] for result in apart.values() if result.get("cpu_s") is not None]
    n_clips = [int(np.sum(list(result["speakers"].values()))) for result in apart.values()]
    made = Summary(
        problem=problem,
        entry=entry,
        n_labels=int((pooled[0].sum(axis=1) > 0).sum()),
        n_speakers=by_seed.shape[1],
        n_folds=len({trial.fold for trial in apart}),
        of_folds=problems.named(problem).n_folds,
        seeds=tuple(seeds),
        uar=float(np.mean(uars)),
        spread=float(np.std(uars, ddof=1)) if len(uars) > 1 else 0.0,
        low=low,
        high=high,
        war=float(np.mean([war(matrix) for matrix in pooled])),
        macro_f1=float(macro_f1(pooled).mean()),
        top3=float(np.average([result["top3"] for result in apart.values()], weights=n_clips)),
        **intervals(by_seed, _top3(apart.values())),
        leaky_uar=None,
        leaky_macro_f1=None,
        seconds=float(np.mean(timed)) if timed else None,
        multiply_adds=round(np.mean([result["multiply_adds"] for result in apart.values()])),
        commit=", ".join(dict.fromkeys(result.get("commit", "unknown") for result in apart.values())),
        command=command_of(problem, entry, seeds),
    )
    return _rounded(made)


def _rounded(one: Summary) -> Summary:
    """Here, not where they are stored: a table of new figures and one of stored ones must round the same numbers."""
    figures: dict[str, Any] = {}
    for key, value in asdict(one).items():
        if isinstance(value, float):
            figures[key] = round(value, N_DIGITS)
        elif key.endswith("_95") and value is not None:
            figures[key] = tuple(round(bound, N_DIGITS) for bound in value)
    return replace(one, **figures)


def _by_speaker(results: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Counts:
    """(n_speakers, n, n) of several folds, in the order of ``names``; zeros of a speaker whom they did not test."""
    speakers = {speaker: matrix for result in results for speaker, matrix in result["speakers"].items()}
    nothing = np.zeros_like(next(iter(speakers.values())))
    return np.array([speakers.get(name, nothing) for name in names], np.int64)


def _top3(results: Collection[Mapping[str, Any]]) -> Counts | None:
    """(n_speakers, 2) clips with their label among the three best, and all clips; None where a result has no count."""
    if any("top3_hits" not in result for result in results):
        return None
    total: dict[str, Counts] = {}
    for result in results:
        for speaker, hits in result["top3_hits"].items():
            total[speaker] = total.get(speaker, 0) + np.array([hits, np.sum(result["speakers"][speaker])], np.int64)
    return np.array(list(total.values()))
