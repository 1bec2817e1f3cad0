"""A tracker of three labels with round numbers, and the windows that it is fed.

play(tracker(), "angry", None, …) ──► [(window's number, Began | Ended)]
"""

from itertools import count

import numpy as np

from edged.events.smoothing import Kind, SmoothingSettings
from edged.events.tracker import Began, Ended, Tracker, TrackerSettings
from edged.features.logmel import Floats

LABELS = ("angry", "happy", "neutral")
RATE = 16_000
STRIDE = 8_000


def smoothed(kind: Kind, span: int = 5 * RATE) -> SmoothingSettings:
    """Smoothing without a prior, for emotions that last 8 s."""
    even = np.full(len(LABELS), 1 / len(LABELS), np.float32)
    return SmoothingSettings(kind=kind, span=span, lasts=8 * RATE, stride=STRIDE, expected=even)


def settings(
    smoothing: Kind = "majority", enter_for: dict[str, float] | None = None, **changed: float
) -> TrackerSettings:
    """Round numbers: a span of 5 s, enter at 0.5, at least 1 s, two windows a second."""
    values = {"span": 5 * RATE, "enter": 0.5, "leave": 0.35, "margin": 0.1, "min_duration": RATE, "min_speech": 0.0}
    values |= changed
    return TrackerSettings(
        smoothing=smoothed(smoothing, int(values["span"])),
        enter=values["enter"],
        enter_for=enter_for or {},
        leave=values["leave"],
        margin=values["margin"],
        min_duration=int(values["min_duration"]),
        min_speech=values["min_speech"],
    )


def tracker(smoothing: Kind = "majority", enter_for: dict[str, float] | None = None, **changed: float) -> Tracker:
    """A tracker with these settings."""
    return Tracker(LABELS, settings(smoothing, enter_for, **changed))


def scores(label: str, confidence: float = 0.8) -> Floats:
    """``confidence`` for the label, the rest divided equally."""
    rest = (1 - confidence) / (len(LABELS) - 1)
    return np.array([confidence if name == label else rest for name in LABELS], np.float32)


def play(tracked: Tracker, *labels: str | None, start: int = 0) -> list[tuple[int, Began | Ended]]:
    """Feed one window per stride, None without speech; returns each change with its window's number."""
    changes: list[tuple[int, Began | Ended]] = []
    for index, label in zip(count(start), labels, strict=False):
        window = None if label is None else scores(label)
        changes += [
            (index, change) for change in tracked.update(index * STRIDE, label, window, discontinuous=index == 0)
        ]
    return changes
