"""The figures of the page, kept beside it, so that a few rows can be measured again without the others.

    docs/zoo.json ──► Summaries ──lacking──► trials to run
    Summaries ──new ones with as many folds and seeds in their place──► Summaries ──► docs/zoo.json

A trial's result stays in the work folder of the machine that ran it; all rows together take a day of one core.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from convert.data.atomic_file import atomic
from convert.zoo.catalogue import ENTRIES
from convert.zoo.summary import N_DIGITS, Published, Summary, with_published
from convert.zoo.trials import Trial
from edged.decoding import MALFORMED
from edged.errors import UsageError, reason


def read(file: Path) -> list[Summary]:
    """The figures in ``file``; none where it is not there.

    Raises:
        UsageError: it cannot be read, or is no list of figures.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[Summary])
    except FileNotFoundError:
        return []
    except (OSError, *MALFORMED) as exc:
        raise UsageError(f"{file}: {reason(exc)}, expected figures that python -m convert zoo wrote") from exc


def write(file: Path, figures: Sequence[Summary]) -> None:
    """Writes ``figures`` to ``file``, a line each."""
    rows = [msgspec.json.encode(one.as_json()) for one in figures]
    with atomic(file) as made:
        made.write(b"[\n" + b",\n".join(rows) + b"\n]\n")


def joined(
    old: Sequence[Summary], new: Sequence[Summary], published: Mapping[tuple[str, str], Published]
) -> list[Summary]:
    """A row of ``new`` in place of the one in ``old``, unless that has more folds or seeds.

    ``published`` has figures of the published protocol, for rows that lack only these.  A mean over members whose time
    is unknown gets the sum of theirs.
    """
    rows = {(one.problem, one.entry): one for one in old}
    for one in new:
        before = rows.get((one.problem, one.entry))
        if before is None or _trials(one) >= _trials(before):
            rows[one.problem, one.entry] = one
    known = {(one.problem, one.entry): (one.leaky_uar, one.leaky_macro_f1) for one in old} | dict(published)
    return [_timed(with_published(one, known), rows) for one in rows.values()]


def lacking(kept: Sequence[Summary], wanted: Sequence[Trial]) -> list[Trial]:
    """The trials of ``wanted`` that ``kept`` has no figures of; where a row lacks a seed or a fold, all its seeds."""
    rows = {(one.problem, one.entry): one for one in kept}
    of_row = {trial: rows.get((trial.problem, trial.entry)) for trial in wanted}
    short = {
        (trial.problem, trial.entry)
        for trial, row in of_row.items()
        if trial.protocol == "apart" and (row is None or row.n_folds < row.of_folds or trial.seed not in row.seeds)
    }

    def is_lacking(trial: Trial) -> bool:
        row = of_row[trial]
        if trial.protocol == "leaky":
            return row is None or row.leaky_uar is None
        return (trial.problem, trial.entry) in short

    return [trial for trial in wanted if is_lacking(trial)]


def _trials(one: Summary) -> int:
    return one.n_folds * len(one.seeds)


def _timed(one: Summary, rows: Mapping[tuple[str, str], Summary]) -> Summary:
    """``one``, with the time of its members' rows where it was not timed: each member was trained alone."""
    members = ENTRIES[one.entry].members if one.entry in ENTRIES else ()
    seconds = [rows[one.problem, name].seconds for name in members if (one.problem, name) in rows]
    timed = [value for value in seconds if value is not None]
    if one.seconds is not None or not members or len(timed) < len(members):
        return one
    return replace(one, seconds=round(sum(timed), N_DIGITS))
