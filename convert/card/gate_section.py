"""The gate's part of the model card.

training, figures of a bundle's gate ──► Markdown: how it was judged, beside its rivals, by group of sounds, whose data
"""

from typing import Any

from edged.models.bundle import GateModel

_RIVALS = {"model": "gate model", "webrtcvad": "webrtcvad", "level": "level gate"}
_POINTS = """
`equal error` is where as much speech is missed as of others accepted, whatever the threshold. The thresholds of the
model and of webrtcvad (share of its frames) lose at most {most_missed:.0%} of validation speech; that of the level gate
is the config's margin. webrtcvad runs in mode {mode}, its best one on validation. Of {speech} windows of speech and
{other} of recorded sounds without any ({hours:.2f} h):
"""


def section(gate: GateModel, training: dict[str, Any], figures: dict[str, Any]) -> str:
    """What the card says of the gate."""
    most_missed = training["recipe"]["most_missed"]
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
            _POINTS.format(most_missed=most_missed, **counts),
            _table(head, rows),
            "\n![What each gate misses against what it falsely accepts](gate.png)\n",
            "Share of windows that each gate has wrong, by group:\n",
            _groups(figures["groups"]),
            "\nThe gate was trained on, or judged with:\n",
            *(f"- {name}: {source}" for name, source in training["sources"].items()),
        ]
    )


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
