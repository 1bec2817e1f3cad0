"""Worse conditions by corpus, and the labels that change for a reason that is none.

metrics["robustness"] ──► the card's section; the names of the conditions as they are printed
measured transforms ──► a table
"""

from collections.abc import Mapping
from typing import Any

from convert.card.tables import TITLES, table, title

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
_TRANSFORMS = (
    "Share of {clips} clips ({corpora}; {side} speakers, seed {seed}) whose label from `edged classify` changes when"
    " something is done to the sound that no listener would take for another emotion; `none`: without a label."
)


def robustness_section(groups: Mapping[str, Any], default: str) -> str:
    """Markdown for the ``default`` routing and for M1 alone."""
    names = list(dict.fromkeys(name for group in groups.values() for name in group["rows"]))
    rows = [
        [title(name), kind, *(f"{group['rows'][condition][way]['uar']:.3f}" for condition in names)]
        for name, group in groups.items()
        for way, kind in ((default, default), ("first", "M1 alone"))
    ]
    head = ["clips of", "by", *(CONDITIONS[name] for name in names)]
    return f"## Worse conditions\n\n{_PROTOCOL}\n\n{table(head, rows)}"


def transform_table(found: Mapping[str, Any]) -> str:
    """The protocol in a sentence, and a row for each transform."""
    corpora = ", ".join(f"{n} {TITLES.get(name, name)}" for name, n in found["corpora"].items())
    lines = []
    for name, row in found["rows"].items():
        refused = f", {row['refused']:.0%} refused" if row["refused"] else ""
        lines.append([name, f"{row['changed']:.0%}{refused}", f"{row['none']:.0%}"])
    return f"{_TRANSFORMS.format(**{**found, 'corpora': corpora})}\n\n{table(['transform', 'changed', 'none'], lines)}"
