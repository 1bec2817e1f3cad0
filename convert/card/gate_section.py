"""The gate's part of the model card.

training, figures of a bundle's gate ──► Markdown: protocol, rivals, groups of sounds, speech cell by cell, whose data
"""

from typing import Any

from convert.card.robustness_section import CONDITIONS
from convert.card.tables import TITLES
from edged.models.bundle import GateModel

_RIVALS = {"model": "gate model", "webrtcvad": "webrtcvad", "level": "level gate"}
_POINTS = """
`equal error` is where as much speech is missed as of others accepted, whatever the threshold. The model's threshold
accepts at most {most_accepted:.0%} of validation's recorded sounds, that of webrtcvad (share of its frames) loses at
most 2 % of validation speech, that of the level gate is the config's margin. webrtcvad runs in mode {mode}, its best
one on validation. Of {speech} windows of speech and {other} of recorded sounds without any ({hours:.2f} h):
"""
_GOAL = 0.02  # of a cell's windows may be missed
_CONDITIONS = {**CONDITIONS, "echo": "echo", "shouted": "shouted", "whispered": "whispered"}
_CELLS = """
Whom it misses: windows with a second of speech or more, of speakers that it was not trained on, by what was meant and
how strongly (RAVDESS' own two intensities; of CREMA-D what listeners rated it, low below 50, high from 70 on). As
recorded {within} of {cells} cells are within {goal:.0%} (worst {worst:.1%}), in all conditions {all_within} of {all}.
Conditions are those of the table of worse conditions; shouted and whispered are made of the same clips, by pitch,
envelope and noise. `too quiet` is the share of the windows as recorded that the level condition keeps from the model;
the columns before it leave that out.
"""


def section(gate: GateModel, training: dict[str, Any], figures: dict[str, Any]) -> str:
    """What the card says of the gate."""
    most_accepted = training["recipe"]["most_accepted"]
    counts = {**figures["windows"], "hours": figures["hours"], "mode": figures["webrtcvad_mode"]}
    rows = [
        [
            _RIVALS[name],
            f"{row['threshold']:g}",
            f"{row['equal_error']:.1%}",
            f"{row['missed']:.1%}",
            f"{row['accepted']:.1%}",
            f"{row['accepted_per_hour']:,.0f}",
        ]
        for name, row in figures["gates"].items()
    ]
    told = (
        f"`{gate.file}`, {gate.parameters:,} parameters, {gate.multiply_adds / 1e6:.1f} M multiply-adds a window:"
        f" speech from a score of {gate.threshold:.3f} on. {figures['protocol']} Seed {training['seed']}."
    )
    head = ["gate", "threshold", "equal error", "speech missed", "others accepted", "accepted an hour"]
    return "\n".join(
        [
            "## Speech gate\n",
            told,
            _POINTS.format(most_accepted=most_accepted, **counts),
            _table(head, rows),
            "\n![What each gate misses against what it falsely accepts](gate.png)\n",
            "Share of windows that each gate has wrong, by group:\n",
            _groups(figures["groups"]),
            *_cells(figures.get("cells", [])),
            "\nThe gate was trained on, chosen by or tested with:\n",
            *(f"- {name}: {source}" for name, source in training["sources"].items()),
        ]
    )


def _cells(rows: list[dict[str, Any]]) -> list[str]:
    """The table of speech that is missed, and its sum; nothing of figures that have none."""
    if not rows:
        return []
    names = [name for name in _CONDITIONS if any(name in row["missed"] for row in rows)]
    lines = [
        [
            TITLES.get(row["corpus"], row["corpus"]),
            row["emotion"],
            row["intensity"] or "-",
            str(row["windows"]),
            *(_share(row["missed"].get(name)) for name in names),
            _share(row["too_quiet"]),
        ]
        for row in rows
    ]
    head = ["corpus", "emotion", "intensity", "windows", *(_CONDITIONS[name] for name in names), "too quiet"]
    return [_CELLS.format(**_counted(rows, names)), _table(head, lines)]


def _counted(rows: list[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    clean = [row["missed"]["clean"] for row in rows]
    every = [row["missed"][name] for row in rows for name in names if name in row["missed"]]
    return {
        "cells": len(clean),
        "within": sum(share <= _GOAL for share in clean),
        "worst": max(clean),
        "all": len(every),
        "all_within": sum(share <= _GOAL for share in every),
        "goal": _GOAL,
    }


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _groups(groups: dict[str, Any]) -> str:
    rows = []
    for speech, kind in ((True, "speech"), (False, "other")):
        for name, group in groups.items():
            if group["speech"] == speech:
                errors = ["-" if error is None else f"{error:.1%}" for error in group["errors"].values()]
                rows.append([name, kind, str(group["windows"]), *errors])
    return _table(["sound", "is", "windows", *_RIVALS.values()], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
