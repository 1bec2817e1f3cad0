"""A user's recordings as a problem of the zoo: their labels, and folds by speaker.

index.csv ──read_own──► OwnCorpus ──► Problem, known by its name in this process

The name has the recordings' hash, so that after a change of the index no stored result is taken for one of the new.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from convert.corpora.clip import Clip
from convert.data.own_corpus import read_own
from convert.zoo.problems import PROBLEMS, Problem, Sides, media_of


@cache
def own_problem(index: Path) -> Problem:
    """The problem of the recordings in ``index``; every process that runs its trials asks for it first.

    Raises:
        UsageError: too few speakers or clips, see ``read_own``.
    """
    corpus = read_own(index)

    def sides(_clips: Sequence[Clip], fold: int) -> Sides:
        return corpus.split(fold)

    problem = Problem(
        name=f"own-{corpus.name}-{corpus.digest[:8]}",
        title=f"{corpus.name}, your own recordings",
        labels=corpus.labels,
        n_folds=corpus.n_folds,
        read=lambda _places: list(corpus.clips),
        sides=sides,
        open_to_all=True,
        comes_with=media_of(corpus.clips),
    )
    PROBLEMS[problem.name] = problem
    return problem
