"""Results to ``docs/benchmarks.md``: the goals first, then pictures, then what each measurement found.

    {name: Result} ──goals, pictures, tables──► docs/benchmarks.md, docs/benchmarks/*.png

Results of different commits or machines may stand on one page: it names all of them.
"""

from pathlib import Path

from benchmarks import machine
from benchmarks.catalogue import ENTRIES, Entry
from benchmarks.page.fleet_arithmetic import ARITHMETIC
from benchmarks.page.goals import goals_table
from benchmarks.page.numbers import number
from benchmarks.page.plots import draw
from benchmarks.page.reasons import Results
from benchmarks.result import Outcome

PAGE = Path("docs/benchmarks.md")
_MAX_LOAD = 1.5  # runnable processes a processor, the measurement among them

_HEAD = """\
# Benchmarks

What edged costs its machine, in time and memory. `make bench` measures and writes this page; `make bench ONLY=window`
repeats one measurement. Machines differ, so most rows are ratios between two programs that ran alternately, in CPU time
of all their threads. A value is the median, with the quartiles in brackets (of two runs, both values). "Before" is what
the goals were set from, at commit 1d9c3d2 and in part on another machine.
"""
_NOTES = """\
"librosa takes 4 x" means that librosa needs four times as long as edged. "Live" is with the config's defaults, which
publish no message for single windows. Latency has two definitions. "Last sample of a window to the subscriber" is the
time from the arrival of the last sample that a window needs, from a microphone without delay, to the receipt of the
answer by an MQTT client on this machine. "With a virtual microphone" is end to end, through PulseAudio, ALSA and
PortAudio: the time from the end of the window in the sound, 32 ms past the centre of its last frame, as timed by the
arrival of its block; "before" was measured like this. Calls of malloc are counted with Python's own allocator off.
"""
_PEERS = """\
## Compared with other programs

![Bars: milliseconds of edged and of other programs](benchmarks/peers.png)

python_speech_features and librosa process a whole signal at once, so for live sound they compute the 3 s of each window
anew, every 0.496 s. kaldi-native-fbank is measured both ways. wav2vec2-base has random weights and runs in onnxruntime,
on one thread.
"""
_GROWTH = """\
## Growth

![Cost against size, each with a line of linear growth](benchmarks/growth.png)

The dashed line is growth in proportion to the size.
"""


def write_page(results: Results, root: Path) -> None:
    """Writes the page and its pictures below ``root``."""
    names = draw(results, root)
    lines = [_HEAD, *_loaded(results), *goals_table(results), "", _NOTES]
    lines += [text for name, text in (("peers.png", _PEERS), ("growth.png", _GROWTH)) if name in names]
    lines += ["## Everything that was measured", ""]
    for entry in ENTRIES:
        if entry.name in results:
            lines += section(entry, results[entry.name].outcome)
    lines += [ARITHMETIC, "## Machine", "", *_machine(results), ""]
    (root / PAGE).write_text("\n".join(lines), encoding="utf-8")


def _loaded(results: Results) -> list[str]:
    """Which figures another load may have changed; nothing where this machine had a processor to spare."""
    most = _MAX_LOAD * machine.n_processors()
    loads = {entry.name: results[entry.name].load[0] for entry in ENTRIES if entry.name in results}
    loaded = {name: load for name, load in loads.items() if load > most}
    if not loaded:
        return []
    line = (
        f"When these began, up to {max(loaded.values()):.0f} processes were runnable on {machine.n_processors()}"
        f" processors, which lengthens times and widens their spread: {', '.join(f'`{name}`' for name in loaded)}."
    )
    return [line, ""]


def section(entry: Entry, outcome: Outcome) -> list[str]:
    """Everything that one measurement found, as lines of Markdown."""
    lines = [f"### {entry.about[0].upper()}{entry.about[1:]}", "", f"`make bench ONLY={entry.name}`", ""]
    if outcome.missing:
        return [*lines, f"Not measured: {outcome.missing}.", ""]
    if outcome.spreads:
        lines += ["| | median | quartiles | runs |", "|---|--:|--:|--:|"]
        lines += [
            f"| {key} | {number(value.median)} | {number(value.low)} to {number(value.high)} | {value.n} |"
            for key, value in outcome.spreads.items()
        ]
        lines.append("")
    if outcome.figures:
        lines += ["| | |", "|---|--:|", *(f"| {key} | {number(value)} |" for key, value in outcome.figures.items()), ""]
    for plot in outcome.plots.values():
        for curve in plot.curves:
            pairs = zip(curve.sizes, curve.costs, strict=True)
            points = ", ".join(f"{number(cost)} at {size:,.3g}" for size, cost in pairs)
            lines += [f"{plot.title}: {points} ({plot.cost_unit}).", ""]
    return [*lines, *(line for note in outcome.notes for line in (note, ""))]


def _machine(results: Results) -> list[str]:
    commits = sorted({result.commit for result in results.values()})
    loads = [load for result in results.values() for load in result.load]
    times = sorted(result.time for result in results.values())
    lines = [f"- {machine.described()}", f"- commit {', '.join(commits)}"]
    if times:
        lines.append(f"- measured from {times[0]} to {times[-1]}")
        lines.append(f"- load of the machine during that: {min(loads):.1f} to {max(loads):.1f} runnable processes")
    if first := [entry.name for entry in ENTRIES if entry.name in results and results[entry.name].first]:
        lines.append(f"- measured by the clock, so run at real-time priority: {', '.join(first)}")
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions().items())
    return [*lines, f"- {versions}"]
