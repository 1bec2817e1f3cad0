"""The gate and its alternatives, webrtcvad and the level gate, on the same windows; and misses cell by cell.

    gate.tflite, Trials of validation ──► threshold; webrtcvad's mode and share
    the same on Trials of test ──► rows by gate, by group of sounds, curves
    the same on cells of test ──► windows and share missed, by corpus, emotion, intensity and condition

Everything is decided on validation; on the test side errors are only counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convert.corpora.clip import Clip
from convert.data.surroundings import Surroundings
from convert.gate.cells import CLEAN, cells
from convert.gate.metrics import equal_error, most_sensitive, row, thinned, threshold
from convert.gate.recipe import LABELS, SPEECH, GateRecipe, GateRun
from convert.gate.trials import LEVEL, MADE, MODES, WINDOWS_PER_HOUR, Trials, loud
from convert.score.isolated import apart
from edged.features.logmel import Floats
from edged.models.interpreter import Interpreter, installed_runtimes

_GATES = ("model", "webrtcvad", "level")
_MAX_MISSED = 0.02  # share of validation speech that webrtcvad's threshold may lose


def evaluated(content: bytes, held: Trials, tried: Trials, recipe: GateRecipe) -> dict[str, Any]:
    """Thresholds, metrics and curves of the gate ``content``; ``curves``: missed and accepted per hour, by gate."""
    on_held, on_tried = _gate_scores(content, held), _gate_scores(content, tried)
    mode = min(MODES, key=lambda mode: equal_error(*_parted(on_held[f"webrtcvad {mode}"], held)))
    for found in (on_held, on_tried):
        found["webrtcvad"] = found[f"webrtcvad {mode}"]
    at = {
        "model": most_sensitive(_parted(on_held["model"], held)[1], recipe.most_accepted),
        "webrtcvad": threshold(_parted(on_held["webrtcvad"], held)[0], _MAX_MISSED),
        "level": LEVEL.margin_db,
    }
    parted = {name: _parted(on_tried[name], tried) for name in _GATES}
    gates = {name: row(*parts, at[name]) for name, parts in parted.items()}
    n_speech, n_other = map(len, parted["model"])
    return {
        "threshold": at["model"],
        "webrtcvad_mode": mode,
        "validation": {name: row(*_parted(on_held[name], held), at[name]) for name in _GATES},
        "gates": gates,
        "groups": _groups(tried, on_tried, at),
        "windows": {"speech": n_speech, "other": n_other},
        "hours": round(n_other / WINDOWS_PER_HOUR, 3),
        "curves": {name: (*thinned(*parts), gates[name]) for name, parts in parted.items()},
    }


def _gate_scores(content: bytes, windows: Trials) -> dict[str, Floats]:
    """(n,) scores by gate."""
    found = {f"webrtcvad {mode}": windows.votes[:, mode] for mode in MODES}
    model = apart(scored, content, windows.images)
    model[~loud(windows)] = 0
    return {"model": model, "level": windows.margin_db, **found}


def scored(content: bytes, images: Any) -> Floats:  # noqa: ANN401 - int8 images; any array comes through a process
    """(n,) the gate's score of each image, on the first runtime that is installed."""
    gate = _interpreter(content)
    return np.array([gate.scores(image)[SPEECH] for image in images], np.float32)


def _interpreter(content: bytes) -> Interpreter:
    return Interpreter("gate", content, len(LABELS), n_threads=1, runtime=installed_runtimes()[0])


def missed(
    content: bytes, at: float, groups: Mapping[str, Sequence[Clip]], around: Surroundings, run: GateRun
) -> list[dict[str, Any]]:
    """A row for each corpus, emotion and intensity: windows, and by condition the share that is missed.

    ``too_quiet`` is the share of the windows as recorded that are too quiet for the model to run; ``missed`` includes
    them.
    """
    return apart(_missed, content, at, dict(groups), around, run)


def _missed(
    content: bytes, at: float, groups: dict[str, Sequence[Clip]], around: Surroundings, run: GateRun
) -> list[dict[str, Any]]:
    gate = _interpreter(content)
    counts: dict[tuple[str, str, str], dict[str, list[int]]] = {}
    quiet: Counter[tuple[str, str, str]] = Counter()
    for found in cells(groups, around, run):
        corpus, emotion, intensity, condition = found.kind
        count = counts.setdefault((corpus, emotion, intensity), {}).setdefault(condition, [0, 0])
        count[0] += sum(
            not is_loud or float(gate.scores(image)[SPEECH]) < at
            for image, is_loud in zip(found.images, found.loud, strict=True)
        )
        count[1] += len(found.images)
        if condition == CLEAN:
            quiet[corpus, emotion, intensity] += int(np.count_nonzero(~found.loud))
    return [
        {
            "corpus": corpus,
            "emotion": emotion,
            "intensity": intensity,
            "windows": by[CLEAN][1],
            "too_quiet": round(quiet[corpus, emotion, intensity] / by[CLEAN][1], 4),
            "missed": {condition: round(below / count, 4) for condition, (below, count) in by.items()},
        }
        for (corpus, emotion, intensity), by in sorted(counts.items())
        if CLEAN in by
    ]


def _parted(scores: Floats, windows: Trials) -> tuple[Floats, Floats]:
    """Scores of speech that every gate can process, and of recorded sounds without speech."""
    has_level = ~np.isnan(windows.margin_db) & ~np.char.startswith(windows.group, MADE)
    return scores[windows.speech & has_level], scores[~windows.speech & has_level]


def _groups(tried: Trials, scores: dict[str, Floats], at: dict[str, float]) -> dict[str, Any]:
    """By group: windows, whether speech, and each gate's share of errors."""
    found: dict[str, Any] = {}
    for group in dict.fromkeys(tried.group.tolist()):
        here = tried.group == group
        speech = bool(tried.speech[here][0])
        errors: dict[str, float | None] = {}
        for name in _GATES:
            values = scores[name][here]
            unheard = bool(np.isnan(values).any())
            errors[name] = None if unheard else round(float(np.mean((values >= at[name]) != speech)), 4)
        found[group] = {"speech": speech, "windows": int(here.sum()), "errors": errors}
    return found
