"""Metrics to the plots that stand beside the card.

    metrics of a manifest ──matplotlib──► confusion.png, reliability.png, adaptation.png, stream.png

They are small, since they are shipped with the bundle.  The same metrics give the same bytes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from convert.card.tables import title
from edged.models.bundle import Manifest

CONFUSION, RELIABILITY, ADAPTATION, STREAM = "confusion.png", "reliability.png", "adaptation.png", "stream.png"
_DPI = 80
_SHORT = 4  # letters of a label below a confusion matrix
_MIN_SHARE = 0.01  # of the clips in a bin that is drawn
_DARK = 0.55  # share from which a cell's number is white


def figure(width_in: float, height_in: float, *, dpi: int = _DPI) -> Figure:
    """An empty plot."""
    made = Figure(figsize=(width_in, height_in), dpi=dpi)
    FigureCanvasAgg(made)
    return made


def saved(made: Figure, file: Path, *, tight: bool = True) -> None:
    """Writes ``made`` without time and program in its metadata; ``tight`` computes the layout again."""
    if tight:
        made.tight_layout()
    made.savefig(file, metadata={"Software": None}, pil_kwargs={"optimize": True})


def write_plots(manifest: Manifest, folder: Path) -> None:
    """Writes into ``folder`` every plot that ``manifest`` has metrics for."""
    metrics, default = manifest.metrics, manifest.routes.default
    rows = metrics.get("rows", {})
    if rows:
        _confusion(rows, default, manifest.labels, folder / CONFUSION)
    if any("reliability" in row for row in rows.values()):
        _reliability(rows, folder / RELIABILITY)
    if metrics.get("adaptation"):
        _adaptation(metrics["adaptation"], folder / ADAPTATION)
    if metrics.get("stream", {}).get("trade_off"):
        _stream(metrics["stream"], folder / STREAM)


def _confusion(rows: Mapping[str, Any], default: str, labels: Sequence[str], file: Path) -> None:
    made = figure(2.5 * len(rows) + 0.6, 3.0)
    for column, (name, row) in enumerate(rows.items(), start=1):
        axes = made.add_subplot(1, len(rows), column)
        counts = np.array(row[default]["confusion"])
        shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for true, row_shares in enumerate(shares):
            for predicted, share in enumerate(row_shares):
                if counts[true].sum():
                    colour = "white" if share > _DARK else "black"
                    axes.text(predicted, true, f"{100 * share:.0f}", ha="center", va="center", color=colour, fontsize=7)
        axes.set_xticks(range(len(labels)), [label[:_SHORT] for label in labels], fontsize=7)
        axes.set_yticks(range(len(labels)), labels if column == 1 else [""] * len(labels), fontsize=7)
        axes.set_title(f"{title(name)}, %", fontsize=8)
    saved(made, file)


def _reliability(rows: Mapping[str, Any], file: Path) -> None:
    made = figure(5, 4)
    axes = made.add_subplot()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle=":")
    for name, row in rows.items():
        min_count = _MIN_SHARE * sum(count for _, _, count in row["reliability"])
        bins = [(confidence, right) for confidence, right, count in row["reliability"] if count >= min_count]
        axes.plot(*zip(*bins, strict=True), "o-", markersize=3, label=title(name))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    _finish(made, "confidence", "accuracy", file)


def _adaptation(groups: Mapping[str, Any], file: Path) -> None:
    made = figure(5, 4)
    axes = made.add_subplot()
    for name, group in groups.items():
        marks = group["priors"]["neutral"]
        seconds = [float(mark) for mark in marks]
        axes.plot(seconds, list(marks.values()), "o-", markersize=3, label=title(name))
    axes.set_xscale("symlog", linthresh=12)
    axes.set_xticks([0, 12, 60, 300, 1800], ["0", "12", "60", "300", "1800"])
    _finish(made, "seconds of adaptation to the speaker, 70 % neutral", "UAR", file)


def _stream(stream: Mapping[str, Any], file: Path) -> None:
    made = figure(5.5, 4)
    axes = made.add_subplot()
    needed = ("emotional", "false_neutral_per_hour")
    points = [point for point in stream["trade_off"] if all(point[key] is not None for key in needed)]
    for name in dict.fromkeys(point["group"] for point in points):
        of_group = [point for point in points if point["group"] == name]
        x = [point["false_neutral_per_hour"] for point in of_group]
        y = [point["emotional"]["recall"] for point in of_group]
        (line,) = axes.plot(x, y, "o-", markersize=3, label=title(name))
        for point in of_group:
            if point["shipped"]:
                shipped = point["false_neutral_per_hour"], point["emotional"]["recall"]
                axes.plot(*shipped, "s", markersize=8, color=line.get_color())
    axes.set_xscale("symlog", linthresh=2)
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1)
    _finish(made, "false episodes per hour of neutral speech", "recall of emotional episodes", file)


def _finish(made: Figure, x: str, y: str, file: Path) -> None:
    """Labels the axes of ``made``, adds grid and legend, and writes it."""
    (axes,) = made.axes
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=8)
    saved(made, file)
