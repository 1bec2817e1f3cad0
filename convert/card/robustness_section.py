"""The card's section on worse conditions: UAR by corpus and condition.

metrics["robustness"] ──► Markdown; the names of the conditions as they are printed
"""

from collections.abc import Mapping
from typing import Any

from convert.card.tables import table, title

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
