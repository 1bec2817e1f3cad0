"""Figures of the zoo to a picture: accuracy against multiply-adds, with the budget of a device's model.

Summaries ──matplotlib──► a panel a corpus: UAR with speakers apart, by multiply-adds on a log scale
"""

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
_SMALL, _LARGE = 18, 60
_CASCADE = "the cascade"
_FEW = 1e4  # multiply-adds: a name to the left would leave the panel


def draw(figures: Sequence[Summary], families: Mapping[str, str], file: Path) -> None:
    """Writes the picture; ``families`` is by recogniser, and a bundle's rows are ``the cascade``."""
    made = figure(9.0, 6.4, dpi=100)
    for number, name in enumerate(PANELS, start=1):
        axes = made.add_subplot(2, 2, number)
        own = [one for one in figures if one.problem == name]
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
        faces = colour if filled else "none"
        axes.scatter(one.multiply_adds, one.uar, s=size, facecolors=faces, edgecolors=colour, marker=marker, alpha=0.9)
        if filled and one.uar > (best[family].uar if family in best else 0):
            best[family] = one
    for family, one in best.items():
        named = ", ".join(one.entry.split(", ")[:2]) if family == _CASCADE else one.entry
        place, above = (one.multiply_adds, one.uar), -11 if family == "pretrained on sound" else 4
        side = "left" if one.multiply_adds < _FEW else "right"
        axes.annotate(named, place, textcoords="offset points", xytext=(-6, above), ha=side, fontsize=6.5)
    axes.axvline(BUDGET, color="0.4", linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.set_xlim(20, 2e9)
    axes.set_ylim(0.1, 0.95)
    axes.tick_params(labelsize=7)
