"""Several trainings of one recipe to one table: mean and spread over seeds, or over folds.

    metrics.json of runs ──by group of clips, way and seconds of adaptation──► mean, standard deviation

Runs of other seeds share their test speakers, so their spread is that of training.  Runs of folds test other speakers
each, so their spread includes differences between speakers.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edged.errors import UsageError, reason

WAYS = {"hard": "hard", "soft": "soft", "first": "M1 alone"}
MARKS = ("60", "300")
_PRIOR = "neutral"


def over_runs(folders: Sequence[Path]) -> dict[str, Any]:
    """By group of clips and column: UAR of each run, their mean and standard deviation.

    Raises:
        UsageError: a run has no metrics.
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
                    "runs": uars,
                    "mean": round(float(np.mean(uars)), 4),
                    "sd": round(float(np.std(uars, ddof=1)), 4) if len(uars) > 1 else None,
                }
                for column, uars in columns.items()
            }
            for name, columns in values.items()
        },
    }


def _columns(folder: Path) -> dict[str, dict[str, float]]:
    file = folder / "metrics.json"
    try:
        metrics = json.loads(file.read_text(encoding="utf-8"))["metrics"]
    except (OSError, ValueError, KeyError) as exc:
        raise UsageError(f"{file}: {reason(exc)}, expected metrics: python -m convert evaluate") from exc
    rows = {}
    for name, row in metrics["rows"].items():
        columns = {title: float(row[way]["uar"]) for way, title in WAYS.items()}
        adaptation = metrics.get("adaptation", {}).get(name)
        if adaptation:
            columns |= {f"after {mark} s": float(adaptation["priors"][_PRIOR][mark]) for mark in MARKS}
        rows[name] = columns
    return rows
