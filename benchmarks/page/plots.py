"""Results to pictures: what others take beside what we take, and cost against size.

spreads in ms ──► docs/benchmarks/peers.png      plots ──► docs/benchmarks/growth.png
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from benchmarks.page.numbers import number
from benchmarks.page.reasons import Results
from benchmarks.result import Plot

FOLDER = Path("docs/benchmarks")
_OURS, _OTHERS, _LINE = "#0b6e99", "#b0b7bd", "#888888"
_COLUMNS = 3
# Measurement, title, and which of its spreads are drawn: ours first.
_PEERS = (
    ("front-end", "log-mel of 3 s at once, ms", " ms"),
    ("live-front-end", "log-mel of a second of live sound, ms", " ms/s"),
    ("window", "a window of 3 s, ms (logarithmic)", " ms"),
)


def draw(results: Results, root: Path) -> list[str]:
    """Draws what was measured; returns the names of the files."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for name, figure in (("peers.png", _peers(results)), ("growth.png", _growth(results))):
        if figure is None:
            continue
        figure.savefig(folder / name, dpi=100, metadata={"Software": None})
        plt.close(figure)
        names.append(name)
    return names


def _peers(results: Results) -> Any:  # noqa: ANN401 -- matplotlib has no types
    drawn = [one for one in _PEERS if one[0] in results and results[one[0]].outcome.spreads]
    if not drawn:
        return None
    figure, all_axes = plt.subplots(len(drawn), 1, figsize=(8, 2.3 * len(drawn) + 0.6), squeeze=False)
    for axes, (name, title, unit) in zip(all_axes[:, 0], drawn, strict=True):
        spreads = results[name].outcome.spreads
        bars = sorted(
            ((key.removesuffix(unit), one) for key, one in spreads.items() if key.endswith(unit)),
            key=lambda bar: -bar[1].median,
        )
        labels, values = (
            [f"edged, {label}" if label in {"soft", "hard"} else label for label, _ in bars],
            [one.median for _, one in bars],
        )
        errors = [[one.median - one.low for _, one in bars], [one.high - one.median for _, one in bars]]
        colours = [_OURS if label.startswith("edged") else _OTHERS for label in labels]
        axes.barh(labels, values, xerr=errors, color=colours, error_kw={"ecolor": _LINE, "capsize": 2})
        if name == "window":
            axes.set_xscale("log")
        for place, value in enumerate(values):
            axes.annotate(f" {number(value)}", (value, place), va="center", fontsize=8)
        axes.margins(x=0.12)
        axes.set_title(title, fontsize=10, loc="left")
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    return figure


def _growth(results: Results) -> Any:  # noqa: ANN401 -- matplotlib has no types
    plots = list(_plots(results))
    if not plots:
        return None
    n_rows = -(-len(plots) // _COLUMNS)
    figure, all_axes = plt.subplots(n_rows, _COLUMNS, figsize=(11, 2.9 * n_rows), squeeze=False)
    for axes in all_axes.flat[len(plots) :]:
        axes.set_visible(False)
    for axes, plot in zip(all_axes.flat, plots, strict=False):
        for curve in plot.curves:
            axes.plot(curve.sizes, curve.costs, "o-", color=_OURS, label=curve.label)
            last = curve.costs[-1] / curve.sizes[-1]
            axes.plot([0, curve.sizes[-1]], [0, last * curve.sizes[-1]], "--", color=_LINE, linewidth=1)
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        axes.set_title(plot.title, fontsize=8, loc="left", wrap=True)
        axes.set_xlabel(plot.size_unit, fontsize=8)
        axes.set_ylabel(plot.cost_unit, fontsize=8)
        axes.tick_params(labelsize=7)
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    return figure


def _plots(results: Results) -> Iterator[Plot]:
    for result in results.values():
        yield from result.outcome.plots.values()
