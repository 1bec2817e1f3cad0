"""Figures to the pictures that stand beside the card.

    metrics of a manifest ──matplotlib──► confusion.png, reliability.png, baseline.png, stream.png

Small ones, since they are shipped with the bundle.  The same figures give the same bytes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from convert.card.tables import TITLES
from edged.models.bundle import Manifest

CONFUSION, RELIABILITY, BASELINE, STREAM = "confusion.png", "reliability.png", "baseline.png", "stream.png"
_DPI = 80
_SHORT = 4  # letters of a label below a matrix
_LEAST_SHARE = 0.01  # of the clips in a bin that is drawn
_DARK = 0.55  # share from which a cell's number is white


def figure(width_in: float, height_in: float, *, dpi: int = _DPI) -> Figure:
    """An empty picture."""
    made = Figure(figsize=(width_in, height_in), dpi=dpi)
    FigureCanvasAgg(made)
    return made


def saved(made: Figure, file: Path) -> None:
    """Writes ``made``; nothing in it tells the time or the program."""
    made.tight_layout()
    made.savefig(file, metadata={"Software": None}, pil_kwargs={"optimize": True})


def drawn(manifest: Manifest, folder: Path) -> None:
    """Writes what ``manifest`` has figures for into ``folder``."""
    metrics, default = manifest.metrics, manifest.routes.default
    rows = metrics.get("rows", {})
    if rows:
        _confusion(rows, default, manifest.labels, folder / CONFUSION)
    if any("reliability" in row for row in rows.values()):
        _reliability(rows, folder / RELIABILITY)
    if metrics.get("heard"):
        _heard(metrics["heard"], folder / BASELINE)
    if metrics.get("stream", {}).get("trade_off"):
        _stream(metrics["stream"], folder / STREAM)


def _confusion(rows: Mapping[str, Any], default: str, labels: Sequence[str], file: Path) -> None:
    made = figure(2.5 * len(rows) + 0.6, 3.0)
    for place, (name, row) in enumerate(rows.items(), start=1):
        axes = made.add_subplot(1, len(rows), place)
        counts = np.array(row[default]["confusion"])
        shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for true, own in enumerate(shares):
            for told, share in enumerate(own):
                if counts[true].sum():
                    colour = "white" if share > _DARK else "black"
                    axes.text(told, true, f"{100 * share:.0f}", ha="center", va="center", color=colour, fontsize=7)
        axes.set_xticks(range(len(labels)), [label[:_SHORT] for label in labels], fontsize=7)
        axes.set_yticks(range(len(labels)), labels if place == 1 else [""] * len(labels), fontsize=7)
        axes.set_title(f"{TITLES.get(name, name)}, %", fontsize=8)
    saved(made, file)


def _reliability(rows: Mapping[str, Any], file: Path) -> None:
    made = figure(5, 4)
    axes = made.add_subplot()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle=":")
    for name, row in rows.items():
        least = _LEAST_SHARE * sum(count for _, _, count in row["reliability"])
        bins = [(confidence, right) for confidence, right, count in row["reliability"] if count >= least]
        axes.plot(*zip(*bins, strict=True), "o-", markersize=3, label=TITLES.get(name, name))
    axes.set_xlabel("confidence of the answer")
    axes.set_ylabel("share of right answers")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=8)
    saved(made, file)


def _heard(groups: Mapping[str, Any], file: Path) -> None:
    made = figure(5, 4)
    axes = made.add_subplot()
    for name, group in groups.items():
        marks = group["mixtures"]["neutral"]
        heard_s = [float(mark) for mark in marks]
        axes.plot(heard_s, list(marks.values()), "o-", markersize=3, label=TITLES.get(name, name))
    axes.set_xscale("symlog", linthresh=12)
    axes.set_xticks([0, 12, 60, 300, 1800], ["0", "12", "60", "300", "1800"])
    axes.set_xlabel("seconds of the speaker heard, 70 % neutral")
    axes.set_ylabel("UAR")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=8)
    saved(made, file)


def _stream(found: Mapping[str, Any], file: Path) -> None:
    made = figure(5.5, 4)
    axes = made.add_subplot()
    known = ("emotional", "false_neutral_per_hour")
    points = [point for point in found["trade_off"] if all(point[key] is not None for key in known)]
    for name in dict.fromkeys(point["group"] for point in points):
        own = [point for point in points if point["group"] == name]
        x = [point["false_neutral_per_hour"] for point in own]
        y = [point["emotional"]["recall"] for point in own]
        (line,) = axes.plot(x, y, "o-", markersize=3, label=TITLES.get(name, name))
        for point in own:
            if point["shipped"]:
                place = point["false_neutral_per_hour"], point["emotional"]["recall"]
                axes.plot(*place, "s", markersize=8, color=line.get_color())
    axes.set_xscale("symlog", linthresh=2)
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1)
    axes.set_xlabel("false episodes an hour of neutral speech")
    axes.set_ylabel("recall of emotional episodes")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=8)
    saved(made, file)
