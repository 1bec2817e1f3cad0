"""Figures of the zoo to a picture: accuracy against multiply-adds, with the budget of a device's model.

Summaries ──matplotlib──► a panel a corpus: UAR with speakers apart, by multiply-adds on a log scale
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from convert.card.plots import figure, saved
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
    "the cascade": ("#d95f02", "*"),
}
Box = tuple[float, float, float]  # left end in decades, UAR of its middle, width in decades; a line high
_SMALL, _LARGE = 18, 60
_CASCADE = "the cascade"
_LEAST, _GREATEST = 20, 2e9  # multiply-adds of a panel
_LOWEST, _HIGHEST = 0.1, 0.95  # UAR of a panel
# Names of 6.5 points in a panel of that size: decades a letter and between point and name, UAR a line.
_LETTER, _GAP, _LINE = 0.105, 0.14, 0.045
_POINT = 0.12  # decades from the middle of a point to its edge
# Of a name from its point, in lines: the first that overlaps least.
_SHIFTS = (0, 0.6, -0.6, 1, -1, 1.5, -1.5, 2, -2, 3, -3)


def draw(figures: Sequence[Summary], families: Mapping[str, str], file: Path) -> None:
    """Writes the picture; ``families`` is by recogniser, and a bundle's rows are ``the cascade``."""
    made = figure(9.0, 6.4, dpi=100)
    for number, name in enumerate(PANELS, start=1):
        axes = made.add_subplot(2, 2, number)
        # A few folds are other speakers than those of the rest.
        own = [one for one in figures if one.problem == name and one.n_folds in {0, one.of_folds}]
        _panel(axes, own, families)
        problem = PROBLEMS[name]
        axes.axhline(1 / max((one.n_labels for one in own), default=1), color="0.7", linewidth=0.8, linestyle=":")
        axes.set_title(f"{problem.title}, speakers apart", fontsize=9)
        if number % 2:
            axes.set_ylabel("UAR", fontsize=8)
        if number > 2:  # noqa: PLR2004 - the lower row
            axes.set_xlabel("multiply-adds of 3 s, features not counted", fontsize=8)
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="", label=family)
        for family, (colour, marker) in _LOOKS.items()
    ]
    edge, star = _LOOKS[_CASCADE]
    unseen = "the cascade, corpus unseen"
    handles.append(
        Line2D([], [], color="none", markeredgecolor=edge, marker=star, markerfacecolor="none", label=unseen)
    )
    handles.append(Line2D([], [], color="0.4", linestyle="--", linewidth=0.8, label="a small bundle's budget, 125 M"))
    made.legend(handles=handles, loc="lower center", ncol=4, fontsize=8, frameon=False)
    made.tight_layout(rect=(0, 0.08, 1, 1))
    saved(made, file, tight=False)


def _panel(axes: Axes, figures: Sequence[Summary], families: Mapping[str, str]) -> None:
    best: dict[str, Summary] = {}
    for one in figures:
        family = families.get(one.entry, _CASCADE)
        colour, marker = _LOOKS[family]
        size = _LARGE if family == _CASCADE else _SMALL
        filled = cascade.UNSEEN not in one.entry
        axes.scatter(
            one.multiply_adds,
            one.uar,
            s=size,
            facecolors=colour if filled else "none",
            edgecolors=colour,
            marker=marker,
            alpha=0.9,
            zorder=2 if family == _CASCADE else 3,  # a star hides what is below it
        )
        if filled and one.uar > (best[family].uar if family in best else 0):
            best[family] = one
    taken = [(math.log10(one.multiply_adds) - _POINT, one.uar, 2 * _POINT) for one in figures]
    for family, one in sorted(best.items(), key=lambda item: -item[1].uar):
        _write_name(axes, ", ".join(one.entry.split(", ")[:2]) if family == _CASCADE else one.entry, one, taken)
    axes.axvline(BUDGET, color="0.4", linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.set_xlim(_LEAST, _GREATEST)
    axes.set_ylim(_LOWEST, _HIGHEST)
    axes.tick_params(labelsize=7)


def _write_name(axes: Axes, name: str, one: Summary, taken: list[Box]) -> None:
    """Writes ``name`` beside the point of ``one``, where nothing in ``taken`` is, and adds its box to ``taken``."""
    at, width = math.log10(one.multiply_adds), _LETTER * len(name)
    left, right = at - _GAP - width, at + _GAP
    starts = [start for start in (left, right) if math.log10(_LEAST) < start < math.log10(_GREATEST) - width]
    places = [(start, one.uar + shift * _LINE, width) for shift in _SHIFTS for start in starts]
    inside = [place for place in places if _LOWEST + _LINE < place[1] < _HIGHEST - _LINE]
    start, height, _ = min(inside, key=lambda place: sum(_meet(place, other) for other in taken))
    taken.append((start, height, width))
    edge, side = (start + width, "right") if start < at else (start, "left")
    axes.text(10**edge, height, name, fontsize=6.5, ha=side, va="center", zorder=4)


def _meet(one: Box, other: Box) -> bool:
    """Whether two boxes a line high overlap."""
    beside = one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
    return not beside and abs(one[1] - other[1]) < _LINE
