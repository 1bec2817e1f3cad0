"""Alternatives to the cascade: other files, alone or averaged, on the same clips.

    NAME=FILE[,FILE…] of int8 models over all labels ──scores, mean──temperature on validation speakers──► metrics

One file is a network of another size, several are an average (five first models of five seeds cost what the cascade's
five cost).  The caller knows how they were trained; they must not have been trained on the test speakers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convert.corpora.clip import Clip
from convert.recipes.cascade import LABELS
from convert.score import clip_scores
from convert.score.calibration import temperature
from convert.score.clip_scores import ClipWindows
from convert.score.rows import score_metrics
from edged.errors import UsageError
from edged.features.logmel import Floats
from edged.models.cascade import sharpened
from edged.models.interpreter import installed_runtimes


@dataclass(frozen=True, slots=True)
class Alternative:
    """A name and the models whose scores are averaged."""

    name: str
    contents: tuple[bytes, ...]


def alternative(argument: str) -> Alternative:
    """``NAME=FILE[,FILE…]`` as it is given on the command line.

    Raises:
        UsageError: it is not of this form, or a file cannot be read.
    """
    name, equals, files = argument.partition("=")
    if not name or not equals or not files:
        raise UsageError(f"--alternative {argument!r}: expected NAME=FILE[,FILE…] of .tflite files over all labels")
    try:
        return Alternative(name, tuple(Path(file).read_bytes() for file in files.split(",")))
    except OSError as exc:
        raise UsageError(f"--alternative {name}: {exc.filename}: {exc.strerror}, expected a .tflite file") from exc


def alternatives_metrics(
    alternatives: Sequence[Alternative],
    validation: Sequence[Clip],
    groups: Mapping[str, Sequence[Clip]],
    cache: Path,
    store: Path,
) -> dict[str, Any]:
    """By alternative and group of clips: metrics; the temperature is fitted on ``validation``."""
    results: dict[str, Any] = {}
    validation_windows = clip_scores.clip_windows(validation, cache)
    for chosen in alternatives:
        fitted = temperature(_mean(chosen, validation_windows, store), validation_windows, LABELS)
        rows = {}
        for name, clips in groups.items():
            windows = clip_scores.clip_windows(clips, cache)
            scores = windows.by_clip(sharpened(_mean(chosen, windows, store), fitted))
            rows[name] = score_metrics(LABELS, scores, windows)
        results[chosen.name] = {"models": len(chosen.contents), "temperature": fitted, "rows": rows}
    return results


def _mean(chosen: Alternative, windows: ClipWindows, store: Path) -> Floats:
    contents = {str(number): content for number, content in enumerate(chosen.contents)}
    n_labels = dict.fromkeys(contents, len(LABELS))
    raw = clip_scores.int8_scores(contents, n_labels, installed_runtimes()[0], windows, store)
    return np.asarray(np.mean(list(raw.values()), axis=0), np.float32)
