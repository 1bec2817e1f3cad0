"""Figures of the zoo to ``docs/zoo.md`` and its picture.

Summaries ──► a table a corpus, with both protocols, and what each recogniser is
"""

from collections.abc import Sequence
from pathlib import Path

from convert.card.tables import share, table
from convert.zoo.catalogue import ENTRIES
from convert.zoo.problems import PROBLEMS
from convert.zoo.summary import Summary

_INTRODUCTION = """\
# Other recognisers

Recognisers that other works propose, built here, and trained and tested on the speakers and folds of edged's own
models. This page is written by `python -m convert zoo --page docs/zoo.md`.

**Apart** tests speakers who are not in training, by the committed folds. UAR is the unweighted average recall, its
interval is over speakers, ± is the standard deviation over seeds. **As published** is the protocol of many
publications: clips are repeated until labels are balanced and then split at random, so that speakers and copies of a
clip are on both sides, and the epoch is chosen on the test clips. Its figures say how well a recogniser remembers.
"""


def write(file: Path, figures: Sequence[Summary]) -> None:
    """Writes the page to ``file``."""
    file.write_text(page(figures), encoding="utf-8")


def page(figures: Sequence[Summary]) -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    for name in [name for name in PROBLEMS if any(one.problem == name for one in figures)]:
        own = sorted((one for one in figures if one.problem == name), key=lambda one: -one.uar)
        problem = PROBLEMS[name]
        chance = f"{len(problem.labels)} labels, chance is {1 / len(problem.labels):.3f}.\n"
        parts += [f"## {problem.title}\n", chance, _table(own)]
    parts += ["## What they are\n", _what_table()]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _table(figures: Sequence[Summary]) -> str:
    head = ["recogniser", "UAR apart (95 %)", "WAR", "macro-F1", "top-3", "UAR as published", "macro-F1 as published"]
    rows = [
        [
            one.entry,
            f"**{one.uar:.3f}**"
            + (f" ± {one.spread:.3f}" if one.spread else "")
            + f" ({one.low:.3f} to {one.high:.3f})",
            f"{one.war:.3f}",
            f"{one.macro_f1:.3f}",
            share(one.top3),
            share(one.leaky_uar),
            share(one.leaky_macro_f1),
            f"{one.n_speakers} / {one.n_folds} / {', '.join(map(str, one.seeds))}",
            "-" if one.seconds is None else f"{one.seconds:.0f} s",
            f"`{one.commit}`",
        ]
        for one in figures
    ]
    return table([*head, "speakers / folds / seeds", "a fold takes", "commit"], rows)


def _what_table() -> str:
    return table(
        ["recogniser", "input and architecture", "source"],
        [[entry.name, entry.what, entry.source] for entry in ENTRIES.values()],
    )
