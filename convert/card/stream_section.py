"""The stream's part of the model card.

rows, trade-off ──► Markdown: how it was judged, what is found and what is invented, and what other thresholds would do
"""

from collections.abc import Mapping, Sequence
from typing import Any

from convert.card.tables import TITLES, share, table
from convert.stream.stage import OTHER, VALIDATION

GOAL_NEUTRAL, GOAL_OTHER = 2.0, 0.5  # false episodes an hour
_PROTOCOL = """\
Long recordings are built of held clips: each speaker is a home; passages of two to five clips of one label with short
pauses, every other passage neutral, the rest spread evenly over the other labels; between passages 2 to 10 s of room,
with a sound of ESC-10 in every third of them; a floor of noise, in half of the homes another noise that runs on, in
half the response of a measured room. Sound goes through the pipeline of `edged replay` with the config's defaults;
what of which only log-mel is at hand is laid together as log-mel and goes the same way from the windows on. An episode
is right where a passage of its label holds that none before it has found; `within 3 s` asks also that it begins so near
to the passage. The delay is from the first sound of the passage to `event/start`, in time of sound. `emotional` leaves
neutral out. The baseline is the device's, begun anew with each home. Intervals are 95 %, by bootstrap over homes."""
_NEVER = """
False episodes an hour: any on sounds without speech, any but neutral on neutral speech (hours are of recording; speech
is the share of windows in which the gate heard it). The recall beside it is that of true episodes in the same group's
recordings above, and on neutral speech that of neutral passages.
"""
_TRADE = """
What other settings of the tracker would do (`enter` / `min_duration_s`; `leave` is 0.1 below `enter`), with the
baseline; the default, in bold, was chosen on validation alone. From log-mel throughout, so figures differ a little from
those above.
"""
_PICTURE = "\n![Emotional episodes found against false ones an hour of neutral speech](stream.png)"


def section(found: Mapping[str, Any]) -> str:
    """What the card says of the stream."""
    rows = found["rows"]
    parts = ["## The stream\n", _PROTOCOL, "", _thresholds(found["tracker"]), "", _moods(rows), _NEVER, _false(rows)]
    parts += [_verdict(rows), _TRADE, _trade_off(found), _PICTURE]
    return "\n".join(part for part in parts if part is not None)


def _thresholds(tracker: Mapping[str, Any]) -> str:
    return "Tracker: " + ", ".join(f"`{key}: {value}`" for key, value in tracker.items()) + "."


def _moods(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for row in rows:
        if row["kind"] == "moods":
            low, high = row["recall_95"]
            near = row["within"]["3"]
            delay = row["delay_s"]
            lines.append(
                [
                    _title(row["group"]),
                    row["from"],
                    "yes" if row["baseline"] else "no",
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
        "baseline",
        "hours / passages",
        "precision",
        "recall (95 %)",
        "within 3 s: precision / recall",
    ]
    head += ["emotional: precision / recall", "delay, s: median / p95", "speech `uncertain`", "confidence / right"]
    return table(head, lines)


def _false(rows: Sequence[Mapping[str, Any]]) -> str:
    moods = {(row["group"], row["baseline"]): row for row in rows if row["kind"] == "moods"}
    lines = []
    for row in rows:
        if row["kind"] == "moods":
            continue
        beside = moods.get((row["group"], row["baseline"]))
        lines.append(
            [
                _title(row["group"]),
                "neutral speech" if row["kind"] == "neutral" else "no speech",
                "yes" if row["baseline"] else "no",
                f"{row['hours']:.1f}",
                f"{row['speech']:.1%}",
                f"**{row['false_per_hour']:.1f}**",
                share(row.get("recall")),
                "-" if beside is None else f"{beside['recall']:.3f} / {beside['emotional']['recall']:.3f}",
            ]
        )
    head = ["homes of", "hears", "baseline", "hours", "speech", "false an hour", "neutral passages found"]
    return table([*head, "true episodes found: all / emotional"], lines)


def _verdict(rows: Sequence[Mapping[str, Any]]) -> str:
    """Whether the goals are met, whichever way it falls."""
    lines = [""]
    for kind, goal, what in (("other", GOAL_OTHER, "without speech"), ("neutral", GOAL_NEUTRAL, "of neutral speech")):
        own = [row for row in rows if row["kind"] == kind and row["baseline"] and VALIDATION not in row["group"]]
        met = [_title(row["group"]) for row in own if row["false_per_hour"] <= goal]
        missed = [
            f"{_title(row['group'])} ({row['false_per_hour']:.1f})" for row in own if row["false_per_hour"] > goal
        ]
        if own:
            told = [f"met on {', '.join(met)}"] if met else []
            told += [f"missed on {', '.join(missed)}"] if missed else []
            lines.append(f"- {goal:g} false episodes an hour {what} or fewer: {'; '.join(told)}.")
    return "\n".join(lines)


def _trade_off(found: Mapping[str, Any]) -> str:
    lines = []
    groups = list(dict.fromkeys(point["group"] for point in found["trade_off"]))
    for point in sorted(found["trade_off"], key=lambda point: groups.index(point["group"])):
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
    return table([*head, "false an hour, neutral", "no speech"], lines)


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _title(group: str) -> str:
    if group.endswith(OTHER):
        return "validation's sounds" if group.startswith(VALIDATION) else "ESC-10 and noises"
    return TITLES.get(group, group)
