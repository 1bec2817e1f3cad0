"""The card's section on the stream: episodes published over long recordings.

metrics["stream"]: rows, trade-off ──► Markdown: protocol, episodes, false episodes, goals, other tracker settings
"""

from collections.abc import Mapping, Sequence
from typing import Any

from convert.card.tables import share, table, title

GOAL_NEUTRAL, GOAL_OTHER = 2.0, 0.5  # false episodes an hour
_OTHER, _VALIDATION = "other", "validation"  # of a group's name: sounds without speech; the validation side
_PROTOCOL = """\
Long recordings are composed from test clips. Each speaker is a home. A passage is two to five clips of one label with
short pauses; every other passage is neutral, the rest are spread evenly over the other labels. Passages are 2 to 10 s
apart, and about a third of these gaps contain a sound from ESC-10. Every home has a noise floor; half of the homes have
a second, continuous noise, and half have the impulse response of a measured room. Sound goes through the pipeline of
`edged replay` with the default config. Corpora that come as log-mel only are composed as log-mel and enter the pipeline
at the windows.

An episode is correct if it lies in a passage of its label that no earlier episode has matched; `within 3 s` also
requires that it starts within 3 s of the passage. The delay runs from the first sound of the passage to `event/start`,
in recording time. `emotional` excludes neutral. Adaptation starts afresh in each home. Intervals are 95 %, by bootstrap
over homes."""
_FALSE = """
False episodes per hour of recording: on sounds without speech, every episode; on neutral speech, every episode but
neutral. `speech` is the share of windows in which the gate detected speech. The last column repeats the recall of the
same group's recordings above.
"""
_TRADE = """
Other settings of the tracker (`enter` / `min_duration_s`; `leave` is 0.1 below `enter`), with adaptation. The default,
in bold, was chosen on validation alone.{}
"""
# Of metrics made before windows were cut of the sound.
_FROM_LOG_MEL = """ All of these were computed from log-mel, so they differ slightly from the
numbers above."""
_PLOT = "\n![Recall of emotional episodes against false episodes per hour of neutral speech](stream.png)"


def stream_section(stream: Mapping[str, Any]) -> str:
    """Markdown for all groups of recordings."""
    rows = stream["rows"]
    parts = ["## The stream\n", _PROTOCOL, "", _settings(stream["tracker"]), "", _episodes(rows), _FALSE, _false(rows)]
    of_sound = all("from" in point for point in stream["trade_off"])
    parts += [_goals(rows), _TRADE.format("" if of_sound else _FROM_LOG_MEL), _trade_off(stream), _PLOT]
    return "\n".join(parts)


def _settings(tracker: Mapping[str, Any]) -> str:
    return "Tracker: " + ", ".join(f"`{key}: {value}`" for key, value in tracker.items()) + "."


def _episodes(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for row in rows:
        if row["kind"] == "emotions":
            low, high = row["recall_95"]
            near = row["within"]["3"]
            delay = row["delay_s"]
            lines.append(
                [
                    _title(row["group"]),
                    row["from"],
                    "yes" if row["adaptation"] else "no",
                    f"{row['hours']:.1f} / {row['passages']}",
                    share(row["precision"]),
                    f"{row['recall']:.3f} ({low:.3f} to {high:.3f})",
                    f"{near['precision']:.3f} / {near['recall']:.3f}",
                    f"{row['emotional']['precision']:.3f} / {row['emotional']['recall']:.3f}",
                    "-" if delay["median"] is None else f"{delay['median']:.1f} / {delay['p95']:.1f}",
                    f"{row['uncertain']:.0%}",
                    f"{share(row['confidence'])} / {share(row['right'])}",
                ]
            )
    head = [
        "homes of",
        "from",
        "adaptation",
        "hours / passages",
        "precision",
        "recall (95 %)",
        "within 3 s: precision / recall",
    ]
    head += ["emotional: precision / recall", "delay, s: median / p95", "speech `uncertain`", "confidence / precision"]
    return table(head, lines)


def _false(rows: Sequence[Mapping[str, Any]]) -> str:
    emotional = {(row["group"], row["adaptation"]): row for row in rows if row["kind"] == "emotions"}
    lines = []
    for row in rows:
        if row["kind"] == "emotions":
            continue
        beside = emotional.get((row["group"], row["adaptation"]))
        lines.append(
            [
                _title(row["group"]),
                "neutral speech" if row["kind"] == "neutral" else "no speech",
                "yes" if row["adaptation"] else "no",
                f"{row['hours']:.1f}",
                f"{row['speech']:.1%}",
                f"**{row['false_per_hour']:.1f}**",
                share(row.get("recall")),
                "-" if beside is None else f"{beside['recall']:.3f} / {beside['emotional']['recall']:.3f}",
            ]
        )
    head = ["homes of", "sound", "adaptation", "hours", "speech", "false per hour", "recall of neutral passages"]
    return table([*head, "recall above: all / emotional"], lines)


def _goals(rows: Sequence[Mapping[str, Any]]) -> str:
    """Which groups meet the goals and which miss them."""
    lines = [""]
    for kind, goal, what in (("other", GOAL_OTHER, "without speech"), ("neutral", GOAL_NEUTRAL, "of neutral speech")):
        tested = [row for row in rows if row["kind"] == kind and row["adaptation"] and _VALIDATION not in row["group"]]
        met = [_title(row["group"]) for row in tested if row["false_per_hour"] <= goal]
        missed = [
            f"{_title(row['group'])} ({row['false_per_hour']:.1f})" for row in tested if row["false_per_hour"] > goal
        ]
        if tested:
            outcome = [f"met on {', '.join(met)}"] if met else []
            outcome += [f"missed on {', '.join(missed)}"] if missed else []
            lines.append(f"- At most {goal:g} false episodes per hour {what}: {'; '.join(outcome)}.")
    return "\n".join(lines)


def _trade_off(stream: Mapping[str, Any]) -> str:
    lines = []
    groups = list(dict.fromkeys(point["group"] for point in stream["trade_off"]))
    for point in sorted(stream["trade_off"], key=lambda point: groups.index(point["group"])):
        emotional, delay = point["emotional"], point["delay_s"]
        if emotional is None:
            continue
        mark = "**" if point["shipped"] else ""
        lines.append(
            [
                _title(point["group"]),
                f"{mark}{point['enter']:g} / {point['min_duration_s']:g}{mark}",
                share(point["recall"]),
                share(point["precision"]),
                f"{emotional['precision']:.3f} / {emotional['recall']:.3f}",
                "-" if delay["median"] is None else f"{delay['median']:.1f}",
                _rate(point["false_neutral_per_hour"]),
                _rate(point["false_other_per_hour"]),
            ]
        )
    head = ["homes of", "enter / min_duration_s", "recall", "precision", "emotional: precision / recall", "delay, s"]
    return table([*head, "false per hour, neutral", "no speech"], lines)


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _title(group: str) -> str:
    if group.endswith(_OTHER):
        return "validation's sounds" if group.startswith(_VALIDATION) else "ESC-10 and noises"
    return title(group)
