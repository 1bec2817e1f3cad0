"""Results of the evaluation of a run, stored in its folder for the bundle that is made from it later.

    Calibration, metrics, hashes of the models ──► calibration.json, metrics.json ──► read again, if the hashes match

The hashes prove that the results belong to the models that are there now.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

from convert.data.atomic_file import write_json
from convert.score.calibration import Calibration
from edged.errors import UsageError
from edged.models.bundle import Bundle

_CALIBRATION, _METRICS = "calibration.json", "metrics.json"


def write_calibration(made: Bundle, fitted: Calibration) -> None:
    """Writes the choices made on validation speakers into the folder of the draft ``made``."""
    write_json(made.path / _CALIBRATION, {"models": _hashes(made), "calibration": dataclasses.asdict(fitted)})


def write_metrics(made: Bundle, metrics: dict[str, Any]) -> None:
    """Writes ``metrics`` into the folder of the run's bundle ``made``."""
    write_json(made.path / _METRICS, {"models": _hashes(made), "metrics": metrics})


def read_calibration(made: Bundle) -> Calibration:
    """The choices made on validation speakers about the models of ``made``.

    Raises:
        UsageError: there are none, or they are about other models.
    """
    fitted = _read(made, _CALIBRATION, "calibration")
    tables = {
        way: {label: tuple(means) for label, means in table.items()} for way, table in fitted["mean_log_scores"].items()
    }
    return Calibration(**{**fitted, "mean_log_scores": tables})


def read_metrics(made: Bundle) -> tuple[dict[str, Any], Path]:
    """The metrics of the models of ``made``, and their file.

    Raises:
        UsageError: there are none, or they are of other models.
    """
    return _read(made, _METRICS, "metrics"), made.path / _METRICS


def _read(made: Bundle, name: str, part: str) -> dict[str, Any]:
    file = made.path / name
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise UsageError(f"{file}: not there, expected metrics: python -m convert evaluate") from exc
    if content.get("models") != _hashes(made) or part not in content:
        raise UsageError(f"{file}: of other models, expected metrics of these: python -m convert evaluate")
    result: dict[str, Any] = content[part]
    return result


def _hashes(made: Bundle) -> dict[str, str]:
    return {name: model.sha256 for name, model in made.manifest.models.items()}
