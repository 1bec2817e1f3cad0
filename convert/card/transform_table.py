"""The table of transformations: which share of clips changes its label for a reason that is none.

measured transforms ──► Markdown
"""

from collections.abc import Mapping
from typing import Any

from convert.card.tables import TITLES, table

_PROTOCOL = (
    "Share of {clips} clips ({corpora}; {side} speakers, seed {seed}) whose label from `edged classify` changes when"
    " something is done to the sound that no listener would take for another emotion; `none`: without a label."
)


def transform_table(found: Mapping[str, Any]) -> str:
    """The protocol in a sentence, and a row for each transform."""
    corpora = ", ".join(f"{n} {TITLES.get(name, name)}" for name, n in found["corpora"].items())
    lines = []
    for name, row in found["rows"].items():
        refused = f", {row['refused']:.0%} refused" if row["refused"] else ""
        lines.append([name, f"{row['changed']:.0%}{refused}", f"{row['none']:.0%}"])
    return f"{_PROTOCOL.format(**{**found, 'corpora': corpora})}\n\n{table(['transform', 'changed', 'none'], lines)}"
