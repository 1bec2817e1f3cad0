"""Several trainings of one recipe to one table: mean and spread over seeds, or over folds.

    metrics.json of runs ──by group of clips, way and seconds heard──► mean ± standard deviation, lowest, highest

Runs of other seeds share test speakers, and their spread is that of training; runs of folds have other test speakers
each, and theirs is that of people too.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from convert.card.tables import TITLES, table
from edged.errors import UsageError

WAYS = {"hard": "hard", "soft": "soft", "first": "M1 alone"}
MARKS = ("60", "300")
_MIXTURE = "neutral"


def gathered(folders: Sequence[Path]) -> dict[str, Any]:
    """By group of clips and column: UAR of each run, their mean and standard deviation.

    Raises:
        UsageError: a run has no figures.
    """
    values: dict[str, dict[str, list[float]]] = {}
    for folder in folders:
        for name, columns in _columns(folder).items():
            for column, value in columns.items():
                values.setdefault(name, {}).setdefault(column, []).append(value)
    return {
        "runs": [folder.name for folder in folders],
        "rows": {
            name: {
                column: {
                    "runs": found,
                    "mean": round(float(np.mean(found)), 4),
                    "sd": round(float(np.std(found, ddof=1)), 4) if len(found) > 1 else None,
                }
                for column, found in columns.items()
            }
            for name, columns in values.items()
        },
    }


def seeds_table(found: dict[str, Any]) -> str:
    """Markdown: mean ± standard deviation of UAR."""
    columns = list(dict.fromkeys(column for row in found["rows"].values() for column in row))
    rows = [
        [TITLES.get(name, name), *(_cell(row.get(column)) for column in columns)] for name, row in found["rows"].items()
    ]
    runs = ", ".join(f"`{name}`" for name in found["runs"])
    return f"UAR, mean ± standard deviation over the runs {runs}.\n\n{table(['clips of', *columns], rows)}"


def _columns(folder: Path) -> dict[str, dict[str, float]]:
    file = folder / "metrics.json"
    try:
        metrics = json.loads(file.read_text(encoding="utf-8"))["metrics"]
    except (OSError, ValueError, KeyError) as exc:
        raise UsageError(f"{file}: {exc}, expected figures: python -m convert evaluate") from exc
    found = {}
    for name, row in metrics["rows"].items():
        columns = {title: float(row[way]["uar"]) for way, title in WAYS.items()}
        heard = metrics.get("heard", {}).get(name)
        if heard:
            columns |= {f"after {mark} s": float(heard["mixtures"][_MIXTURE][mark]) for mark in MARKS}
        found[name] = columns
    return found


def _cell(column: dict[str, Any] | None) -> str:
    if column is None:
        return "-"
    return f"{column['mean']:.3f}" + ("" if column["sd"] is None else f" ± {column['sd']:.3f}")
