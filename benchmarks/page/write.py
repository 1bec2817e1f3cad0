"""Results to ``docs/benchmarks.md``: the goals first, then what each measurement found, then how it was done.

    {name: Result} ──goals, tables, plots──► docs/benchmarks.md, docs/benchmarks/*.png

Results of different commits or machines may stand on one page: it names all of them.
"""

from pathlib import Path

from benchmarks import machine
from benchmarks.catalogue import ENTRIES
from benchmarks.page.goals import Results, goals_table, number

PAGE = Path("docs/benchmarks.md")

_HEAD = """\
# Benchmarks

What edged leaves to the other programs on its machine. `make bench` measures and writes this page; machines differ, so
most rows are ratios between two programs that ran in turn, in CPU time of all their threads. A value is the median,
with the quartiles beside it.
"""


def write_page(results: Results, root: Path) -> None:
    """Writes the page below ``root``."""
    lines = [_HEAD, *goals_table(results), ""]
    for entry in ENTRIES:
        if entry.name in results:
            lines += _section(entry.about, results, entry.name)
    lines += ["## Machine", "", *_machine(results), ""]
    (root / PAGE).write_text("\n".join(lines), encoding="utf-8")


def _section(title: str, results: Results, name: str) -> list[str]:
    outcome = results[name].outcome
    lines = [f"## {title[0].upper()}{title[1:]}", ""]
    if outcome.missing:
        return [*lines, f"Not measured: {outcome.missing}.", ""]
    lines += ["| | median | quartiles | runs |", "|---|--:|--:|--:|"]
    lines += [
        f"| {key} | {number(value.median)} | {number(value.low)} to {number(value.high)} | {value.n} |"
        for key, value in outcome.spreads.items()
    ]
    lines += [f"| {key} | {number(value)} | | |" for key, value in outcome.figures.items()]
    return [*lines, "", *outcome.notes, ""]


def _machine(results: Results) -> list[str]:
    commits = sorted({result.commit for result in results.values()})
    loads = [load for result in results.values() for load in result.load]
    times = sorted(result.time for result in results.values())
    lines = [f"- {machine.described()}", f"- commit {', '.join(commits)}"]
    if times:
        lines.append(f"- measured from {times[0]} to {times[-1]}")
        lines.append(f"- load of the machine meanwhile: {min(loads):.1f} to {max(loads):.1f} runnable processes")
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions().items())
    return [*lines, f"- {versions}"]
