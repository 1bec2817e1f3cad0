"""The gate beside its rivals: webrtcvad and the level gate, on the same windows.

    gate.tflite, Trials of validation ──► threshold; webrtcvad's mode and share
    the same on Trials of test ──► rows by gate, by group of sounds, curves

What is decided here is decided on validation; the test side is only counted.
"""

from typing import Any

import numpy as np

from convert.gate.metrics import equal_error, row, thinned, threshold
from convert.gate.recipe import LABELS, SPEECH, GateRecipe
from convert.gate.trials import LEVEL, MADE, MODES, WINDOWS_PER_HOUR, Trials
from convert.score.isolated import apart
from edged.features.logmel import Floats
from edged.models.interpreter import Interpreter, installed_runtimes

PROTOCOL = (
    "Windows of 3 s every 0.496 s. A window with half a second of speech or more is speech, one of a recording without"
    " speech is not. Speakers, meetings, folds of ESC-10 and noises of the test are in neither training nor validation;"
    " thresholds were chosen on validation. Every rival hears the same windows, the model's with the least level of"
    " the config; of CREMA-D only log-mel is at hand, which the others cannot hear. A false accept is a window. Echo"
    " is of rooms made at random, 0.2 to 0.9 s of it, 10 dB below the voice to 5 dB above. Rates"
    " are of recorded sounds: those made by rule have rows of their own, which flatter the model, for it was trained on"
    " others of the same rule."
)
_HEARD = ("model", "webrtcvad", "level")


def evaluated(content: bytes, held: Trials, tried: Trials, recipe: GateRecipe) -> dict[str, Any]:
    """Thresholds, figures and curves (``curves``: by rival, missed and accepted per hour) of the gate ``content``."""
    on_held, on_tried = _rivals(content, held), _rivals(content, tried)
    mode = min(MODES, key=lambda mode: equal_error(*_parted(on_held[f"webrtcvad {mode}"], held)))
    for found in (on_held, on_tried):
        found["webrtcvad"] = found[f"webrtcvad {mode}"]
    at = {
        "model": threshold(on_held["model"][held.speech], recipe.most_missed),
        "webrtcvad": threshold(_parted(on_held["webrtcvad"], held)[0], recipe.most_missed),
        "level": LEVEL["margin_db"],
    }
    parted = {name: _parted(on_tried[name], tried) for name in _HEARD}
    gates = {name: row(*parts, at[name]) for name, parts in parted.items()}
    n_speech, n_other = map(len, parted["model"])
    return {
        "protocol": PROTOCOL,
        "threshold": at["model"],
        "webrtcvad_mode": mode,
        "validation": {name: row(*_parted(on_held[name], held), at[name]) for name in _HEARD},
        "gates": gates,
        "groups": _groups(tried, on_tried, at),
        "windows": {"speech": n_speech, "other": n_other},
        "hours": round(n_other / WINDOWS_PER_HOUR, 3),
        "curves": {name: (*thinned(*parts), gates[name]) for name, parts in parted.items()},
    }


def _rivals(content: bytes, windows: Trials) -> dict[str, Floats]:
    """(n,) scores by rival."""
    found = {f"webrtcvad {mode}": windows.votes[:, mode] for mode in MODES}
    model = apart(scored, content, windows.images)
    model[windows.loud_frames < LEVEL["min_frames"]] = 0
    return {"model": model, "level": windows.margin_db, **found}


def scored(content: bytes, images: Any) -> Floats:  # noqa: ANN401 - int8 images; any array comes through a process
    """(n,) what the gate says of each image, on the first runtime that is installed."""
    gate = Interpreter("gate", content, len(LABELS), n_threads=1, runtime=installed_runtimes()[0])
    return np.array([gate.scores(image)[SPEECH] for image in images], np.float32)


def _parted(scores: Floats, windows: Trials) -> tuple[Floats, Floats]:
    """Scores of speech that every rival can hear, and of recorded sounds that are none."""
    heard = ~np.isnan(windows.margin_db) & ~np.char.startswith(windows.group, MADE)
    return scores[windows.speech & heard], scores[~windows.speech & heard]


def _groups(tried: Trials, scores: dict[str, Floats], at: dict[str, float]) -> dict[str, Any]:
    """By group: windows, whether speech, and the share of errors of each rival."""
    found: dict[str, Any] = {}
    for group in dict.fromkeys(tried.group.tolist()):
        here = tried.group == group
        speech = bool(tried.speech[here][0])
        errors: dict[str, float | None] = {}
        for name in _HEARD:
            values = scores[name][here]
            unheard = bool(np.isnan(values).any())
            errors[name] = None if unheard else round(float(np.mean((values >= at[name]) != speech)), 4)
        found[group] = {"speech": speech, "windows": int(here.sum()), "errors": errors}
    return found
