"""The gates' curves as a plot: missed speech against falsely accepted sound.

missed (k,), accepted per hour (k,) by gate, the chosen point of each ──matplotlib──► gate.png
"""

from pathlib import Path
from typing import Any

from convert.card.plots import figure, saved

_NAMES = {"model": "gate model", "webrtcvad": "webrtcvad", "level": "level gate"}


def write_gate_plot(curves: dict[str, Any], file: Path) -> None:
    """Writes the plot ``file``; ``curves`` has (missed, accepted per hour, the chosen row) by gate."""
    made = figure(7, 5, dpi=120)
    axes = made.add_subplot()
    for name, (missed, accepted, chosen) in curves.items():
        (line,) = axes.step(accepted, [100 * share for share in missed], where="post", label=_NAMES[name])
        axes.plot(chosen["accepted_per_hour"], 100 * chosen["missed"], "o", color=line.get_color())
    axes.set_xscale("symlog", linthresh=10)
    axes.set_xlabel("falsely accepted windows per hour without speech (of 7258)")
    axes.set_ylabel("missed windows of speech, %")
    axes.set_xlim(left=0)
    axes.set_ylim(0, 60)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    saved(made, file)
