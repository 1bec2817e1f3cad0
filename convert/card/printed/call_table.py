"""The table of composed calls: whether the customer calming score puts them in the intended order.

measured calls ──► Markdown
"""

from collections.abc import Mapping
from typing import Any

from convert.card.tables import table

_HEAD = [
    "band, passes",
    "in order, by seed",
    "in order, mean of the seeds",
    "calming over escalating",
    "shuffled",
    "no score",
]


def call_table(found: Mapping[str, Any]) -> str:
    """A row for each band, with and without the second pass, then the mean score of each plan."""
    lines, plans = [], []
    for name, row in found["rows"].items():
        of = row["speakers"]
        lines.append(
            [
                name,
                ", ".join(f"{count} of {of}" for count in row["ordered"].values()),
                f"{row['ordered_mean_of_seeds']} of {of}",
                _interval(row["margin"]),
                f"{row['shuffled_mean']:.2f}",
                f"{row['without_score']:.0%}",
            ]
        )
        plans.append([name, *(_interval(value) for value in row["plans"].values())])
    names = list(next(iter(found["rows"].values()))["plans"])
    return f"{table(_HEAD, lines)}\n\n{table(['band, passes', *names], plans)}"


def _interval(values: list[float]) -> str:
    value, low, high = values
    return f"{value:.2f} ({low:.2f} to {high:.2f})"
