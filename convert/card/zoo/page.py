"""Figures of the zoo to ``docs/zoo.md`` and its picture.

Summaries ──► how to read them, a table a corpus, what each recogniser is, how to add one
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from convert.card.tables import table
from convert.card.zoo.corpus_tables import tables
from convert.card.zoo.plot import PANELS, draw
from convert.card.zoo.texts import ADDING, INTRODUCTION, READING, SOURCES
from convert.zoo import cascade
from convert.zoo.catalogue import ENTRIES
from convert.zoo.recogniser import Entry
from convert.zoo.summary import Summary

_PICTURE = "zoo.png"
_SHOWN = f"![UAR against multiply-adds, by corpus]({_PICTURE})\n"


def write(file: Path, text: str, figures: Sequence[Summary], panels: Sequence[str] = PANELS) -> None:
    """Writes ``text`` to ``file``; beside it the picture of ``figures``, a panel a problem, where ``text`` shows it."""
    if f"]({_PICTURE})" in text:
        rows = [*figures, *cascade.summaries()]
        draw(rows, {entry.name: entry.family for entry in ENTRIES.values()}, file.with_name(_PICTURE), panels)
    file.write_text(text, encoding="utf-8")


def page(figures: Sequence[Summary], names: Collection[str] = tuple(ENTRIES)) -> str:
    """The whole page; below each table it lists what of the recognisers ``names`` has no row there, and why."""
    parts = [INTRODUCTION, *([_SHOWN] if any(one.problem in PANELS for one in figures) else [])]
    parts += [tables(figures, names), READING, SOURCES, _what_table(figures), ADDING]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def page_of_recordings(figures: Sequence[Summary], names: Collection[str]) -> str:
    """The picture and the table of a user's own recordings."""
    return f"{_SHOWN}\n{tables(figures, names)}"


def _what_table(figures: Sequence[Summary]) -> str:
    measured = {one.entry for one in figures}
    return table(
        ["recogniser", "input and architecture", "source", "without figures because"],
        [[entry.name, entry.what, entry.source, _absence(entry, measured)] for entry in ENTRIES.values()],
    )


def _absence(entry: Entry, measured: set[str]) -> str:
    """Why ``entry`` has no figure; nothing where it has one."""
    if entry.name in measured:
        return ""
    return entry.reason or "not trained yet"
