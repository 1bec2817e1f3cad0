"""Figures of the zoo to a picture: accuracy against multiply-adds, with the budget of a device's model.

Summaries ──matplotlib──► a panel a corpus: UAR with speakers apart, by multiply-adds on a log scale

The best of each family has its name beside it.  Rows of the committed test split are of fewer speakers than the others:
they have a mark of their own and no name.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from convert.card.plots import figure, saved
from convert.card.zoo.names import Box, Placed, Point, around, placed
from convert.zoo import cascade
from convert.zoo.problems import PROBLEMS
from convert.zoo.summary import Summary

PANELS = ("ravdess", "emodb", "cremad", "nemo")
BUDGET = 125_000_000  # multiply-adds of a small bundle's networks together: five of 25 M, see convert/recipes/spec.py
# By family: colour, marker.  The colours differ in lightness too.
_LOOKS = {
    "hand-crafted features": ("#8da0cb", "o"),
    "networks on frames": ("#e78ac3", "s"),
    "networks on spectrograms": ("#a6761d", "D"),
    "pretrained on sound": ("#1b9e77", "^"),
    "words": ("#7570b3", "v"),
    "sound and words": ("#66a61e", "P"),
    "the cascade": ("#d95f02", "*"),
}
_CASCADE = "the cascade"
_DARK = "#7f2704"  # of what lies on the cascade's stars
_BY_FOLDS, _UNSEEN, _SPLIT = "the cascade, fold by fold", "the cascade, corpus unseen", "the cascade, test split only"
_ORDER = {"*": 2, "x": 2.5}  # by marker, below the others: a star hides what is under it
_SMALL, _LARGE = 18, 64  # of a mark, in square points
_HALF = 6.5  # of the box around a mark that names of others stay out of, in points
_LEAST, _GREATEST = 20, 6e9  # multiply-adds of a panel, wider where a row needs it
_LOWEST, _HIGHEST = 0.1, 1.0  # UAR of a panel, lower where a row needs it
_ROOM = 2.0  # between a mark and the edge that was moved for it: a factor of multiply-adds
_MARGIN = 0.02  # the same in UAR
_SIZES = {1: (5.0, 0.14), 2: (7.0, 0.1)}  # by rows of panels: height in inches, share of it for the legend
_FONT = 8


def draw(figures: Sequence[Summary], families: Mapping[str, str], file: Path, names: Sequence[str] = PANELS) -> None:
    """Writes the picture of the problems ``names``; ``families`` is by recogniser, a bundle's rows are the cascade."""
    n_columns = min(2, len(names))
    n_rows = -(-len(names) // n_columns)
    height_in, below = _SIZES[n_rows]
    made = figure(9.0, height_in, dpi=160)
    panels = []
    for number, name in enumerate(names, start=1):
        # A few folds are other speakers than those of the rest.
        rows = [one for one in figures if one.problem == name and one.n_folds in {0, one.of_folds}]
        axes = made.add_subplot(n_rows, n_columns, number)
        draw_marks(axes, rows, families)
        axes.set_title(f"{PROBLEMS[name].title}, speakers apart", fontsize=10)
        if number % n_columns == 1 % n_columns:
            axes.set_ylabel("UAR", fontsize=9)
        if number > len(names) - n_columns:
            axes.set_xlabel("multiply-adds of 3 s, features not counted", fontsize=9)
        panels.append((axes, rows))
    shown = [one for _, rows in panels for one in rows]
    made.legend(handles=_legend(shown, families), loc="lower center", ncol=3, fontsize=_FONT + 0.5, frameon=False)
    made.tight_layout(rect=(0, below, 1, 1))
    for axes, rows in panels:  # after the layout, which moves the points
        write_names(made, axes, rows, families)
    saved(made, file, tight=False)


def write_names(made: Figure, axes: Axes, figures: Sequence[Summary], families: Mapping[str, str]) -> list[Placed]:
    """Writes the name of the best of each family where it covers nothing, and returns where they are."""
    scale = 72 / made.dpi

    def point(one: Summary) -> Point:
        x, y = axes.transData.transform((one.multiply_adds, one.uar))
        return float(x) * scale, float(y) * scale

    frame = axes.bbox
    panel = Box(frame.x0 * scale + 2, frame.y0 * scale + 2, frame.x1 * scale - 2, frame.y1 * scale - 2)
    budget = float(axes.transData.transform((BUDGET, _LOWEST))[0]) * scale
    line = Box(budget - 1, panel.bottom, budget + 1, panel.top)
    taken = [around(point(one), _HALF) for one in figures]
    found = []
    for family, one in sorted(best_rows(figures, families).items(), key=lambda item: -item[1].uar):
        name = one.entry.removesuffix(cascade.UNSEEN) if family == _CASCADE else one.entry
        text = axes.text(
            0, 0, name, fontsize=_FONT, va="bottom", zorder=5, path_effects=[withStroke(linewidth=2, foreground="w")]
        )
        extent = text.get_window_extent()
        place = placed(point(one), (extent.width * scale, extent.height * scale), taken, line, panel)
        text.set_position(_data(axes, (place.box.left, place.box.bottom), scale))
        taken.append(place.box)
        if place.line is not None:
            ends = [_data(axes, end, scale) for end in (point(one), place.line)]
            axes.plot(*zip(*ends, strict=True), color="0.3", linewidth=0.6, zorder=1.5)
        found.append(place)
    return found


def _data(axes: Axes, place: Point, scale: float) -> Point:
    x, y = axes.transData.inverted().transform((place[0] / scale, place[1] / scale))
    return float(x), float(y)


def _kind(one: Summary) -> str:
    """Which speakers a row of the cascade is of."""
    if cascade.UNSEEN in one.entry:
        return _UNSEEN
    return _BY_FOLDS if one.n_folds else _SPLIT


def best_rows(figures: Sequence[Summary], families: Mapping[str, str]) -> dict[str, Summary]:
    """By family the row of all speakers with the greatest UAR; an unseen corpus where there is no other."""
    best: dict[str, Summary] = {}
    for one in sorted(figures, key=lambda one: (cascade.UNSEEN not in one.entry, one.uar)):
        family = families.get(one.entry, _CASCADE)
        if family != _CASCADE or _kind(one) != _SPLIT:
            best[family] = one
    return best


def draw_marks(axes: Axes, figures: Sequence[Summary], families: Mapping[str, str]) -> None:
    """A mark for each row, chance and the budget, on axes of every panel's range."""
    for one in figures:
        family = families.get(one.entry, _CASCADE)
        look: dict[str, Any] = (
            look_of(one) if family == _CASCADE else {"color": _LOOKS[family][0], "marker": _LOOKS[family][1]}
        )
        size = _LARGE if look["marker"] == "*" else _SMALL
        order = _ORDER.get(look["marker"], 3)
        axes.scatter(one.multiply_adds, one.uar, s=size, linewidths=1, zorder=order, **look)
    chance = 1 / max((one.n_labels for one in figures), default=1)
    axes.axhline(chance, color="0.7", linewidth=0.8, linestyle=":")
    axes.axvline(BUDGET, color="0.4", linewidth=0.8, linestyle="--", zorder=1)
    axes.set_xscale("log")
    costs, shares = [one.multiply_adds for one in figures], [one.uar for one in figures]
    axes.set_xlim(min([_LEAST, *(cost / _ROOM for cost in costs)]), max([_GREATEST, *(cost * _ROOM for cost in costs)]))
    axes.set_ylim(max(0.0, min([_LOWEST, chance, *(share - _MARGIN for share in shares)])), _HIGHEST)
    axes.tick_params(labelsize=_FONT)


def look_of(one: Summary) -> dict[str, Any]:
    """Colours and marker of a row of the cascade, for ``scatter``."""
    colour, star = _LOOKS[_CASCADE]
    kind = _kind(one)
    if kind == _SPLIT:
        return {"color": _DARK, "marker": "x"}
    return {"facecolors": colour if kind == _BY_FOLDS else "none", "edgecolors": colour, "marker": star}


def _legend(figures: Sequence[Summary], families: Mapping[str, str]) -> list[Line2D]:
    """A handle for each kind of mark that occurs, and for both lines."""
    occurring = {families.get(one.entry, _CASCADE) for one in figures}
    kinds = {_kind(one) for one in figures if one.entry not in families}
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="", label=family)
        for family, (colour, marker) in _LOOKS.items()
        if family != _CASCADE and family in occurring
    ]
    colour, star = _LOOKS[_CASCADE]
    for kind, marker, face, edge in (
        (_BY_FOLDS, star, colour, colour),
        (_UNSEEN, star, "none", colour),
        (_SPLIT, "x", "none", _DARK),
    ):
        if kind in kinds:
            handles.append(
                Line2D([], [], linestyle="", marker=marker, markerfacecolor=face, markeredgecolor=edge, label=kind)
            )
    handles.append(Line2D([], [], color="0.4", linestyle="--", linewidth=0.8, label="a small bundle's budget, 125 M"))
    handles.append(Line2D([], [], color="0.7", linestyle=":", linewidth=0.8, label="chance"))
    return handles
