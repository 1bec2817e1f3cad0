"""The format of every table of the card.

head, rows of cells ──► a table in Markdown
"""

from collections.abc import Iterable
from typing import Any

TITLES = {
    "cremad": "CREMA-D",
    "emodb": "EMO-DB",
    "emovo": "EMOVO",
    "ravdess": "RAVDESS",
    "nemo": "nEMO",
    "validation": "validation",
}


def title(group: str) -> str:
    """The name of a group of clips as the card prints it."""
    return TITLES.get(group, group)


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def share(value: float | None) -> str:
    """Three decimals, or a dash for a value that was not measured."""
    return "-" if value is None else f"{value:.3f}"


def interval(metrics: dict[str, Any]) -> str:
    """UAR with its 95 % interval."""
    low, high = metrics["uar_95"]
    return f"{metrics['uar']:.3f} ({low:.3f} to {high:.3f})"
