"""Published episodes against the passages of a scene: precision, recall, delay, false episodes.

    passages, events ──same label, one to one──► hits ──► precision, recall, delay, false per hour

An event is correct if it lies in a passage of its label that no earlier event has matched.  Every further event in the
same passage is false, since the subscriber is notified twice.  With a tolerance the episode must also start that close
to the passage.  The delay is what a user perceives: from the first sound of the passage to ``event/start``, in
recording time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convert.stream.scenes import RATE_HZ, USUAL, Scene
from convert.stream.traces import Event, Published
from edged.features.geometry import GEOMETRY

TOLERANCES_S = (3.0, 5.0)
_N_DRAWS = 2000
_EDGE_S = GEOMETRY.window_s / 2  # a score is that of the middle of its window: half of it lies on either side


@dataclass(frozen=True, slots=True)
class Hit:
    """An event and the passage that it matches."""

    label: str
    off_s: float  # from the passage's start to the episode's
    delay_s: float  # from the passage's start to when event/start was published


Matched = Sequence[Sequence[Hit | None]]  # by scene and event


def hits(scene: Scene, events: Sequence[Event]) -> list[Hit | None]:
    """By event the passage that it is the first to match, or None."""
    free = [(passage.label, passage.start / RATE_HZ, passage.end / RATE_HZ) for passage in scene.passages]
    matches: list[Hit | None] = []
    for event in events:
        fits = [
            span
            for span in free
            if span[0] == event.label
            and span[1] - _EDGE_S <= event.start_s <= span[2] + _EDGE_S
            and event.published_s >= span[1]
        ]
        if not fits:
            matches.append(None)
            continue
        span = min(fits, key=lambda fit: abs(fit[1] - event.start_s))
        free.remove(span)
        matches.append(Hit(event.label, event.start_s - span[1], event.published_s - span[1]))
    return matches


def episode_metrics(scenes: Sequence[Scene], published: Sequence[Published]) -> dict[str, Any]:
    """All metrics of scenes of one kind and group."""
    matched = [hits(scene, device.events) for scene, device in zip(scenes, published, strict=True)]
    hours = sum(scene.hours for scene in scenes)
    n_speech = sum(device.n_speech for device in published)
    n_events = sum(len(of_scene) for of_scene in matched)
    metrics: dict[str, Any] = {
        "kind": scenes[0].kind,
        "homes": len(scenes),
        "hours": round(hours, 3),
        "speech": round(n_speech / max(1, sum(device.n_windows for device in published)), 4),
        "uncertain": round(sum(device.n_uncertain for device in published) / max(1, n_speech), 4),
        "events": n_events,
    }
    if scenes[0].kind == "other":
        return {**metrics, "false_per_hour": round(n_events / hours, 2)}
    if scenes[0].kind == USUAL:
        false = [sum(event.label != USUAL for event in device.events) for device in published]
        return {**metrics, "false_per_hour": round(sum(false) / hours, 2), "recall": _recall(scenes, matched, None)}
    correct = [hit for hit in _flat(matched) if hit]
    delays = [hit.delay_s for hit in correct]
    right = np.array([hit is not None for hit in _flat(matched)])
    confidence = np.array([event.confidence for device in published for event in device.events])
    return {
        **metrics,
        "passages": sum(len(scene.passages) for scene in scenes),
        "precision": round(len(correct) / max(1, n_events), 4),
        "recall": _recall(scenes, matched, None),
        "recall_95": _interval(scenes, matched),
        "within": {
            f"{tolerance_s:g}": {
                "precision": round(sum(abs(hit.off_s) <= tolerance_s for hit in correct) / max(1, n_events), 4),
                "recall": _recall(scenes, matched, tolerance_s),
            }
            for tolerance_s in TOLERANCES_S
        },
        "emotional": _emotional(scenes, published, matched),
        "false_per_hour": round((n_events - len(correct)) / hours, 2),
        "delay_s": {
            "median": round(float(np.median(delays)), 2) if delays else None,
            "p95": round(float(np.percentile(delays, 95)), 2) if delays else None,
        },
        "confidence": round(float(confidence.mean()), 4) if n_events else None,
        "right": round(float(right.mean()), 4) if n_events else None,
    }


def _emotional(scenes: Sequence[Scene], published: Sequence[Published], matched: Matched) -> dict[str, float]:
    """Precision and recall without neutral, which is most frequent and least interesting."""
    n_events = sum(event.label != USUAL for device in published for event in device.events)
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
    n_hits = np.array([sum(hit is not None for hit in of_scene) for of_scene in matched])
    n_passages = np.array([len(scene.passages) for scene in scenes])
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(len(scenes), np.full(len(scenes), 1 / len(scenes)), _N_DRAWS)
    recalls = (drawn @ n_hits) / np.maximum(1, drawn @ n_passages)
    return [round(float(value), 4) for value in np.percentile(recalls, [2.5, 97.5])]


def _flat(matched: Matched) -> list[Hit | None]:
    return [hit for of_scene in matched for hit in of_scene]
