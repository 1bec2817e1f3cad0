"""Scenes to the episodes that a device publishes: their windows are scored once, then tracked with any thresholds.

    sound, or log-mel ──windows──► ──gate, models──► Trace ──Adaptation, Tracker──► Published

Windows are cut from the scene's sound, and a test requires the same windows, states and episodes as ``edged replay``
publishes for it.  For CREMA-D, which may come as log-mel only, windows are made from the log-mel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from convert.score import clip_scores
from convert.score.calibration import routed
from convert.stream import rendering
from convert.stream.features import featured
from convert.stream.rendering import SceneWindows
from convert.stream.scenes import Scene
from edged.config.structs import Config
from edged.events.tracker import Began, Ended, Tracker, tracker_settings
from edged.features.geometry import GEOMETRY, Geometry
from edged.features.logmel import Floats
from edged.models.adaptation import Adaptation
from edged.models.bundle import SPEECH, Bundle
from edged.models.interpreter import installed_runtimes
from edged.pipeline.classifier import min_frames

_RATE_HZ = GEOMETRY.sample_rate_hz
BEHIND_S = GEOMETRY.n_fft / 2 / _RATE_HZ  # a frame is complete half its length after its centre
_GATE = "gate"


@dataclass(frozen=True, slots=True)
class Event:
    """One episode as it was published."""

    label: str
    start_s: float  # as event/start says
    published_s: float  # when event/start was published, in recording time
    confidence: float  # as event/start says


@dataclass(frozen=True, slots=True)
class Published:
    """What a device published about one scene."""

    events: tuple[Event, ...]
    n_windows: int
    n_speech: int  # windows in which the gate detected speech
    n_uncertain: int  # of those, windows after which the state was uncertain


@dataclass(frozen=True, slots=True)
class Trace:
    """The scores of gate and cascade for each window of a scene, before any threshold."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    speech: Floats  # (n,) the gate's score, -1 where too few frames are loud enough to ask it
    scores: Floats  # (n, n_labels) by the default routing, before any adaptation
    adapted: Floats | None = None  # the same with adaptation of the features, of a bundle that has it


def traces(bundle: Bundle, config: Config, scenes: Sequence[Scene], cache: Path) -> list[Trace]:
    """Scores all windows of ``scenes``: of the sound, or of log-mel where a clip has no sound."""
    progress = tqdm(scenes, desc="windows", unit="scene", leave=False, disable=None)
    return [trace(bundle, config, scene_windows(scene, config, cache, bundle.geometry)) for scene in progress]


def scene_windows(scene: Scene, config: Config, cache: Path, geometry: Geometry) -> SceneWindows:
    """The windows of ``scene`` on a device with ``config``, with the frames of a bundle's ``geometry``."""
    if has_sound(scene):
        return rendering.windows_of_sound(rendering.sound(scene), config, geometry)
    return rendering.windows(scene, cache, config.gate.min_dbfs, geometry)


def has_sound(scene: Scene) -> bool:
    """Whether all its clips came as sound."""
    return all(piece.clip.audio for piece in scene.pieces)


def trace(bundle: Bundle, config: Config, windows: SceneWindows) -> Trace:
    """Scores the windows of one scene; the gate is asked if enough frames are loud."""
    manifest, runtime = bundle.manifest, installed_runtimes()[0]
    images = (windows.images ^ np.int8(-128)).view(np.uint8)
    speech = np.ones(len(images), np.float32)
    if manifest.gate and bundle.gate:
        labels = manifest.gate.labels
        asked = clip_scores.model_scores({_GATE: bundle.gate}, {_GATE: len(labels)}, runtime, images)
        speech = asked[_GATE][:, labels.index(SPEECH)]
    speech = np.where(windows.loud_frames >= min_frames(config.gate), speech, np.float32(-1))
    if manifest.trunk:
        scores, adapted = featured(bundle, windows, speech >= _threshold(bundle), config.baseline)
        return Trace(windows.start, windows.end, speech, scores, adapted)
    n_labels = {name: len(model.labels) for name, model in manifest.models.items()}
    raw = clip_scores.model_scores(bundle.contents, n_labels, runtime, images)
    return Trace(windows.start, windows.end, speech, routed(manifest, raw, manifest.routes.default))


def tracked(bundle: Bundle, config: Config, scored: Trace, *, learn: bool) -> Published:
    """What the device would publish about ``scored``."""
    manifest, threshold = bundle.manifest, _threshold(bundle)
    table = manifest.mean_log_scores.get(manifest.routes.default)
    adaptation = Adaptation(manifest.labels, table, config.baseline) if learn and table else None
    tracker = Tracker(manifest.labels, tracker_settings(config, manifest.labels))
    stride_s = config.models.stride_s
    events: list[Event] = []
    n_uncertain = 0
    for window, (start, end) in enumerate(zip(scored.start.tolist(), scored.end.tolist(), strict=True)):
        label, scores = None, None
        if scored.speech[window] >= threshold:
            scores = (scored.scores if scored.adapted is None or not learn else scored.adapted)[window]
            if adaptation is not None:
                raw, scores = scores, adaptation.corrected(scores)
                adaptation.learn(raw, stride_s)
            label = manifest.labels[int(scores.argmax())]
        changes = tracker.update((start + end) // 2, label, scores, discontinuous=window == 0)
        events += [_event(change, manifest.labels, end) for change in changes if isinstance(change, Began)]
        n_uncertain += tracker.state.emotion == "uncertain" and label is not None
    n_speech = int(np.count_nonzero(scored.speech >= threshold))
    return Published(tuple(events), len(scored.start), n_speech, n_uncertain)


def _threshold(bundle: Bundle) -> float:
    return bundle.manifest.gate.threshold if bundle.manifest.gate else 0.0


def _event(change: Began | Ended, labels: tuple[str, ...], end: int) -> Event:
    confidence = float(change.scores[labels.index(change.label)])
    return Event(change.label, round(change.start / _RATE_HZ, 3), round(end / _RATE_HZ + BEHIND_S, 3), confidence)
