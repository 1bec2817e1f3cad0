"""Figures of the zoo to a table a corpus, with both protocols and the cascade last.

Summaries ──► rows, the commands that make them, and the recognisers that could have a row and have none
"""

from collections import defaultdict
from collections.abc import Collection, Sequence

from convert.card.tables import share, table
from convert.score.metrics import Bounds
from convert.zoo import cascade
from convert.zoo.catalogue import ENTRIES
from convert.zoo.problems import PROBLEMS, Problem
from convert.zoo.recogniser import Entry
from convert.zoo.summary import Summary, command_of
from convert.zoo.trials import suits

_HEAD = ["recogniser", "UAR apart (95 %)", "WAR", "macro-F1", "top-3", "UAR as published", "macro-F1 as published"]


def tables(figures: Sequence[Summary], names: Collection[str] = tuple(ENTRIES)) -> str:
    """A table for each corpus that has a figure, as on the page."""
    figures = [one for one in figures if one.problem in PROBLEMS]  # a file of them may have those of other recordings
    bundles, parts = cascade.summaries(), []
    for problem in [one for one in PROBLEMS.values() if any(row.problem == one.name for row in figures)]:
        own = sorted((one for one in figures if one.problem == problem.name), key=lambda one: -one.uar)
        last = [one for one in bundles if one.problem == problem.name]
        n_labels = max(one.n_labels for one in own)
        chance = f"{n_labels} labels; chance is {1 / n_labels:.3f}.\n"
        parts += [f"## {problem.title}\n", chance, _table([*own, *last], problem.group), _commands(problem, last)]
        parts += [_without_published(own), _without_row(problem, names, figures)]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def _table(figures: Sequence[Summary], group: str) -> str:
    return table(
        [*_HEAD, "multiply-adds", f"{group} / folds / seeds", "CPU a fold", "commit"], [_row(one) for one in figures]
    )


def _row(one: Summary) -> list[str]:
    spread = f" ± {one.spread:.3f}" if len(one.seeds) > 1 else ""
    between = f" ({one.low:.3f} to {one.high:.3f})" if one.n_speakers > 1 else ""
    folds = f"{one.n_folds} of {one.of_folds}" if 0 < one.n_folds < one.of_folds else str(one.n_folds or "-")
    return [
        one.entry,
        f"**{one.uar:.3f}**{spread}{between}",
        share(one.war) + _between(one.war_95),
        share(one.macro_f1) + _between(one.macro_f1_95),
        share(one.top3) + _between(one.top3_95),
        share(one.leaky_uar),
        share(one.leaky_macro_f1),
        _rounded(one.multiply_adds),
        f"{one.n_speakers} / {folds} / {', '.join(map(str, one.seeds))}",
        "-" if one.seconds is None else f"{one.seconds:.1f} s",
        f"`{one.commit.replace(', ', '`, `')}`",
    ]


def _between(bounds: Bounds | None) -> str:
    return "" if bounds is None else f" ({bounds[0]:.2f} to {bounds[1]:.2f})"


def _rounded(count: int) -> str:
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return str(count)


def _commands(problem: Problem, last: Sequence[Summary]) -> str:
    """What trains a row again: one pattern for the recognisers, and a command for each kind of the cascade's rows."""
    pattern = command_of(problem.name, "NAME", ["SEEDS"])
    text = f"`{pattern}` makes a row again, with its name and seeds, at its commit."
    named: dict[str, list[str]] = defaultdict(list)
    for one in last:
        named[one.command].append(one.entry.removesuffix(cascade.UNSEEN))
    lines = [f"- {_joined(entries)}: `{command}`" for command, entries in named.items()]
    return "\n".join([f"{text} The last rows:\n", *lines]) if lines else text


def _joined(names: Sequence[str]) -> str:
    """``names`` with what begins all of them, such as ``bundle small``, in the first alone."""
    start = names[0].partition(", ")[0] + ", "
    return "; ".join([names[0], *(name.removeprefix(start) for name in names[1:])])


def _without_row(problem: Problem, names: Collection[str], figures: Sequence[Summary]) -> str:
    """What of the recognisers ``names`` could have a row and has none, by the reason."""
    measured = {one.entry for one in figures if one.problem == problem.name}
    by_reason: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if name not in measured and suits(problem, name, problem.comes_with):
            by_reason[_reason(ENTRIES[name])].append(name + _cost(name, figures))
    lines = [f"- {'; '.join(entries)}: {reason}" for reason, entries in by_reason.items()]
    return "\n".join(["Without a row here:\n", *lines]) if lines else ""


def _without_published(figures: Sequence[Summary]) -> str:
    """What of ``figures`` was trained with speakers apart alone."""
    names = [one.entry for one in figures if one.leaky_uar is None]
    text = f"Not trained yet as published, which takes longer, since clips are repeated: {', '.join(names)}."
    return text if names else ""


def _reason(entry: Entry) -> str:
    if entry.reason and not entry.variable:
        return f"takes long, trained only with `--slow`: {entry.reason}"
    return entry.reason or "not trained yet"


def _cost(entry: str, figures: Sequence[Summary]) -> str:
    """What a fold takes where the recogniser was trained, in parentheses; nothing where that was not measured."""
    timed = [one for one in figures if one.entry == entry and one.seconds is not None]
    if not timed:
        return ""
    most = max(timed, key=lambda one: one.seconds or 0)
    taken = f"{most.seconds:.0f} s" if most.seconds and most.seconds >= 1 else "less than a second"
    return f" ({taken} of a core a fold of {PROBLEMS[most.problem].title.partition(',')[0]})"
