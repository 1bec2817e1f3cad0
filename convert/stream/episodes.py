"""What was published of scenes, against what was played: episodes found, invented, late.

    passages, events ──same label, one to one──► hits ──► precision, recall, delay, false per hour

An event is right where a passage of its label holds that no earlier event has found; every further one of the same
passage is false, for whoever listens is told twice.  With a tolerance the episode must also begin so near to the
passage.  The delay is what a home feels: from the first sound of the mood to ``event/start``, in time of sound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convert.stream.hearing import Event, Told
from convert.stream.scenes import RATE_HZ, USUAL, Scene
from edged.features.geometry import GEOMETRY

TOLERANCES_S = (3.0, 5.0)
_N_DRAWS = 2000
_EDGE_S = GEOMETRY.window_s / 2  # an answer is about the middle of its window: half of it lies on either side


@dataclass(frozen=True, slots=True)
class Hit:
    """An event and the passage that it found."""

    label: str
    off_s: float  # from the passage's start to the episode's
    delay_s: float  # from the passage's start to when event/start was published


Matched = Sequence[Sequence[Hit | None]]  # by scene and event


def hits(scene: Scene, events: Sequence[Event]) -> list[Hit | None]:
    """By event the passage that it is the first to find, or None."""
    free = [(passage.label, passage.start / RATE_HZ, passage.end / RATE_HZ) for passage in scene.passages]
    found: list[Hit | None] = []
    for event in events:
        fits = [
            span
            for span in free
            if span[0] == event.label
            and span[1] - _EDGE_S <= event.start_s <= span[2] + _EDGE_S
            and event.told_s >= span[1]
        ]
        if not fits:
            found.append(None)
            continue
        span = min(fits, key=lambda fit: abs(fit[1] - event.start_s))
        free.remove(span)
        found.append(Hit(event.label, event.start_s - span[1], event.told_s - span[1]))
    return found


def figures(scenes: Sequence[Scene], told: Sequence[Told]) -> dict[str, Any]:
    """All that is tabled of scenes of one kind and group."""
    matched = [hits(scene, device.events) for scene, device in zip(scenes, told, strict=True)]
    hours = sum(scene.hours for scene in scenes)
    n_speech = sum(device.n_speech for device in told)
    n_events = sum(len(found) for found in matched)
    found: dict[str, Any] = {
        "kind": scenes[0].kind,
        "homes": len(scenes),
        "hours": round(hours, 3),
        "speech": round(n_speech / max(1, sum(device.n_windows for device in told)), 4),
        "uncertain": round(sum(device.n_uncertain for device in told) / max(1, n_speech), 4),
        "events": n_events,
    }
    if scenes[0].kind == "other":
        return {**found, "false_per_hour": round(n_events / hours, 2)}
    if scenes[0].kind == USUAL:
        false = [sum(event.label != USUAL for event in device.events) for device in told]
        return {**found, "false_per_hour": round(sum(false) / hours, 2), "recall": _recall(scenes, matched, None)}
    moods = [hit for hit in _flat(matched) if hit]
    delays = [hit.delay_s for hit in moods]
    right = np.array([hit is not None for hit in _flat(matched)])
    sure = np.array([event.confidence for device in told for event in device.events])
    return {
        **found,
        "passages": sum(len(scene.passages) for scene in scenes),
        "precision": round(len(moods) / max(1, n_events), 4),
        "recall": _recall(scenes, matched, None),
        "recall_95": _interval(scenes, matched),
        "within": {
            f"{tolerance_s:g}": {
                "precision": round(sum(abs(hit.off_s) <= tolerance_s for hit in moods) / max(1, n_events), 4),
                "recall": _recall(scenes, matched, tolerance_s),
            }
            for tolerance_s in TOLERANCES_S
        },
        "emotional": _emotional(scenes, told, matched),
        "false_per_hour": round((n_events - len(moods)) / hours, 2),
        "delay_s": {
            "median": round(float(np.median(delays)), 2) if delays else None,
            "p95": round(float(np.percentile(delays, 95)), 2) if delays else None,
        },
        "confidence": round(float(sure.mean()), 4) if n_events else None,
        "right": round(float(right.mean()), 4) if n_events else None,
    }


def _emotional(scenes: Sequence[Scene], told: Sequence[Told], matched: Matched) -> dict[str, float]:
    """Precision and recall without neutral, which a home has most of and asks least about."""
    n_events = sum(event.label != USUAL for device in told for event in device.events)
    n_passages = sum(passage.label != USUAL for scene in scenes for passage in scene.passages)
    n_hits = sum(hit is not None and hit.label != USUAL for hit in _flat(matched))
    return {
        "precision": round(n_hits / max(1, n_events), 4),
        "recall": round(n_hits / max(1, n_passages), 4),
    }


def _recall(scenes: Sequence[Scene], matched: Matched, tolerance_s: float | None) -> float:
    n_passages = sum(len(scene.passages) for scene in scenes)
    near = sum(hit is not None and (tolerance_s is None or abs(hit.off_s) <= tolerance_s) for hit in _flat(matched))
    return round(near / max(1, n_passages), 4)


def _interval(scenes: Sequence[Scene], matched: Matched) -> list[float]:
    """95 % interval of recall, by bootstrap over homes."""
    n_hits = np.array([sum(hit is not None for hit in own) for own in matched])
    n_passages = np.array([len(scene.passages) for scene in scenes])
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(len(scenes), np.full(len(scenes), 1 / len(scenes)), _N_DRAWS)
    recalls = (drawn @ n_hits) / np.maximum(1, drawn @ n_passages)
    return [round(float(value), 4) for value in np.percentile(recalls, [2.5, 97.5])]


def _flat(matched: Matched) -> list[Hit | None]:
    return [hit for own in matched for hit in own]
