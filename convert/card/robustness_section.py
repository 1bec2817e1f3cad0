"""Worse conditions by corpus, and labels that change although the emotion does not.

metrics["robustness"], metrics["delivery"] ──► the card's sections; the names of the conditions as they are printed
measured transforms ──► a table
"""

from collections.abc import Mapping
from typing import Any

from convert.card.tables import TITLES, share, table, title

CONDITIONS = {
    "clean": "as recorded",
    "noise_20": "noise, 20 dB",
    "noise_10": "noise, 10 dB",
    "noise_5": "noise, 5 dB",
    "noise_0": "noise, 0 dB",
    "room": "room",
    "telephone": "300 to 3400 Hz",
    "mp3": "MP3, 32 kbit/s",
    "softer": "20 dB softer",
}
_PROTOCOL = """\
UAR on test clips that come as sound, at most 600 per corpus, drawn at random. The conditions: ESC-10 sounds and other
noises from the gate's test side, at the given signal-to-noise ratio (rms); the impulse response of a measured room; a
telephone band; MP3; and 20 dB softer, quantized to 16 bits. The speech gate is not involved."""
DELIVERIES = {
    "clean": "as recorded",
    "later_8": "8 ms later",
    "later_50": "50 ms later",
    "later_100": "100 ms later",
    "later_250": "250 ms later",
    "silence": "3 s of silence before",
    "word": "one word, 0.5 s",
    "shout": "shouted",
    "whisper": "whispered",
}
_DELIVERY = """\
UAR on test clips that come as sound, at most 300 per corpus, drawn at random, through the speech gate; below it the
share of clips whose label is that of the clip as recorded, and, where there are any, the share in which the gate
detects no speech. Shouts and whispers are made from the clips (pitch, formants, effort; noise in the place of the vocal
folds), the word is the loudest half second. Nothing is adapted."""
_TRANSFORMS = (
    "Share of {clips} clips ({corpora}; {side} speakers, seed {seed}) whose label from `edged classify` changes when"
    " something is done to the sound that no listener would take for another emotion; `none`: without a label."
)


def robustness_section(groups: Mapping[str, Any]) -> str:
    """Markdown for the default routing and for M1 alone."""
    names = list(dict.fromkeys(name for group in groups.values() for name in group["rows"]))
    # The default routing's row comes first, whatever the order in which the two were stored.
    rows = [
        [
            title(name),
            "M1 alone" if way == "first" else way,
            *(share(group["rows"].get(condition, {}).get(way, {}).get("uar")) for condition in names),
        ]
        for name, group in groups.items()
        for way in sorted(next(iter(group["rows"].values())), key=lambda way: way == "first")
    ]
    head = ["clips of", "by", *(CONDITIONS[name] for name in names)]
    return f"## Worse conditions\n\n{_PROTOCOL}\n\n{table(head, rows)}"


def delivery_section(groups: Mapping[str, Any]) -> str:
    """Markdown for the default routing."""
    names = list(dict.fromkeys(name for group in groups.values() for name in group["rows"]))
    rows = []
    for group_name, group in groups.items():
        found = [group["rows"][name] for name in names]
        rows.append([title(group_name), "UAR", *(f"{row['uar']:.3f}" for row in found)])
        rows.append([title(group_name), "same label", *(f"{row['same']:.0%}" for row in found)])
        if any(row["silent"] for row in found):
            rows.append([title(group_name), "no speech", *(f"{row['silent']:.0%}" for row in found)])
    head = ["clips of", "", *(DELIVERIES[name] for name in names)]
    return f"## Moved, cut, shouted, whispered\n\n{_DELIVERY}\n\n{table(head, rows)}"


def transform_table(found: Mapping[str, Any]) -> str:
    """The protocol in a sentence, and a row for each transform."""
    corpora = ", ".join(f"{n} {TITLES.get(name, name)}" for name, n in found["corpora"].items())
    lines = []
    for name, row in found["rows"].items():
        refused = f", {row['refused']:.0%} refused" if row["refused"] else ""
        lines.append([name, f"{row['changed']:.0%}{refused}", f"{row['none']:.0%}"])
    return f"{_TRANSFORMS.format(**{**found, 'corpora': corpora})}\n\n{table(['transform', 'changed', 'none'], lines)}"
