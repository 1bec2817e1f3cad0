"""The card's section on the speech gate.

training, metrics of a bundle's gate ──► Markdown: protocol, alternatives, groups of sounds, misses by cell, sources
"""

from collections.abc import Mapping, Sequence
from typing import Any

from convert.card.robustness_section import CONDITIONS
from convert.card.tables import table, title
from edged.errors import UsageError
from edged.models.bundle import GateModel

_GATES = {"model": "gate model", "webrtcvad": "webrtcvad", "level": "level gate"}
_PROTOCOL = """\
Windows of 3 s every 0.496 s. A window with half a second of speech or more counts as speech, any window of a recording
without speech counts as other. The speakers, meetings, ESC-10 folds and noises of the test are in neither training nor
validation. Epoch and threshold were chosen on validation, with EMOVO beside it. All gates get the same windows, except
that the model gets only those that pass the config's level condition. CREMA-D comes as log-mel only, which the other
gates cannot take. Echo comes from random rooms: 0.2 to 0.9 s of reverberation, 10 dB below the voice to 5 dB above. The
rates are those of recorded sounds. Synthetic sounds have rows of their own, which flatter the model: it was trained on
sounds made by the same rules."""
_GATES_NOTE = """
`equal error` is the rate at which as much speech is missed as other sound is accepted. The model's threshold accepts at
most {most_accepted:.0%} of validation's recorded sounds, webrtcvad's (share of its frames) misses at most 2 % of
validation speech, and the level gate's is the config's margin. webrtcvad runs in mode {mode}, its best on validation.
The test has {speech} windows of speech and {other} of recorded sounds without speech ({hours:.2f} h):
"""
_GOAL = 0.02  # share of a cell's windows that may be missed
_CELL_CONDITIONS = {**CONDITIONS, "echo": "echo", "shouted": "shouted", "whispered": "whispered"}
_CELLS = """
Missed speech: windows with at least a second of speech, of speakers that the gate was not trained on, by intended
emotion and intensity (RAVDESS has two intensities; CREMA-D's are the listeners' ratings, low below 50, high from 70).
As recorded, {within} of {cells} cells are within {goal:.0%} (worst {worst:.1%}); over all conditions, {all_within} of
{all}. The conditions are those of the table of worse conditions. Shouted and whispered speech is made from the same
clips by changing pitch, envelope and noise. `too quiet` is the share of windows, as recorded, that the level condition
keeps from the model; the other columns count them as missed.
"""


def section(gate: GateModel, training: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Markdown for the gate of a bundle.

    Raises:
        UsageError: the gate was made by another version.
    """
    if "most_accepted" not in training["recipe"]:
        raise UsageError("training.gate: made by another version, expected: python -m convert gate --bundle DIR")
    counts = {**metrics["windows"], "hours": metrics["hours"], "mode": metrics["webrtcvad_mode"]}
    rows = [
        [
            _GATES[name],
            f"{row['threshold']:g}",
            f"{row['equal_error']:.1%}",
            f"{row['missed']:.1%}",
            f"{row['accepted']:.1%}",
            f"{row['accepted_per_hour']:,.0f}",
        ]
        for name, row in metrics["gates"].items()
    ]
    size = (
        f"`{gate.file}` has {gate.parameters:,} parameters and takes {gate.multiply_adds / 1e6:.1f} M multiply-adds a"
        f" window. A score of {gate.threshold:.3f} or more is speech. Seed {training['seed']}."
    )
    head = ["gate", "threshold", "equal error", "speech missed", "others accepted", "accepted per hour"]
    return "\n".join(
        [
            "## Speech gate\n",
            f"{size}\n",
            _PROTOCOL,
            _GATES_NOTE.format(most_accepted=training["recipe"]["most_accepted"], **counts),
            table(head, rows),
            "\n![Missed speech against falsely accepted sound](gate.png)\n",
            "Share of wrong windows by group:\n",
            _groups(metrics["groups"]),
            *_cells(metrics.get("cells", [])),
            "\nThe gate was trained, chosen or tested with:\n",
            *(f"- {name}: {source}" for name, source in training["sources"].items()),
        ]
    )


def _cells(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The table of missed speech and its sum; nothing without such metrics."""
    if not rows:
        return []
    names = [name for name in _CELL_CONDITIONS if any(name in row["missed"] for row in rows)]
    lines = [
        [
            title(row["corpus"]),
            row["emotion"],
            row["intensity"] or "-",
            str(row["windows"]),
            *(_percent(row["missed"].get(name)) for name in names),
            _percent(row["too_quiet"]),
        ]
        for row in rows
    ]
    head = ["corpus", "emotion", "intensity", "windows", *(_CELL_CONDITIONS[name] for name in names), "too quiet"]
    return [_CELLS.format(**_counts(rows, names)), table(head, lines)]


def _counts(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Any]:
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


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _groups(groups: Mapping[str, Any]) -> str:
    rows = [
        [name, kind, str(group["windows"]), *map(_percent, group["errors"].values())]
        for speech, kind in ((True, "speech"), (False, "other"))
        for name, group in groups.items()
        if group["speech"] == speech
    ]
    return table(["sound", "is", "windows", *_GATES.values()], rows)
