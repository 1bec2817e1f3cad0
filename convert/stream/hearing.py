"""Scenes to episodes: through the very pipeline of ``edged replay``, or from windows of which only log-mel is left.

    sound ──file──► replay.play: Recording, WindowClassifier, Tracker, as the daemon has them, at maximum speed ──► Told
    windows ──models, once──► Trace ──gate, Adaptation, Tracker with any thresholds──► Told

The second way answers every window once and can then be followed again with other thresholds in a blink: the search for
them needs that, and CREMA-D, of which only log-mel is at hand.  A test holds both ways to the same events.
"""

import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from convert.data import recordings
from convert.score import clip_scores
from convert.score.calibration import routed
from convert.stream import rendering
from convert.stream.rendering import Heard
from convert.stream.scenes import Scene
from edged.audio.recording import Recording
from edged.config.structs import Config
from edged.contract import payloads
from edged.contract.status import SinkStatus
from edged.contract.topics import Topic
from edged.events.tracker import Began, Ended, Tracker, tracker_settings
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.models.adaptation import Adaptation
from edged.models.bundle import SPEECH, Bundle
from edged.models.interpreter import installed_runtimes
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.daemon import Daemon

_RATE_HZ = GEOMETRY.sample_rate_hz
_BEHIND_S = GEOMETRY.n_fft / 2 / _RATE_HZ  # a frame is whole half its length after its centre
_GATE = "gate"


@dataclass(frozen=True, slots=True)
class Event:
    """One episode as it was published."""

    label: str
    start_s: float  # as event/start says
    told_s: float  # when event/start was published, in time of sound
    confidence: float  # as event/start says


@dataclass(frozen=True, slots=True)
class Told:
    """All that a device published of one scene."""

    events: tuple[Event, ...]
    n_windows: int
    n_speech: int  # windows in which the gate heard speech
    n_uncertain: int  # of those the windows after which the state was uncertain


@dataclass(frozen=True, slots=True)
class Trace:
    """What gate and cascade say of each window of a scene, whatever is made of it later."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    speech: Floats  # (n,) the gate's score, -1 where too little is loud enough to ask it
    answers: Floats  # (n, n_labels) by the default routing, before any baseline


def replayed(bundle: Bundle, config: Config, sound: Floats, *, learn: bool) -> Told:
    """What ``edged replay`` says of ``sound``, beginning with a fresh baseline or without one."""
    sink = _Kept()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scene.wav"
        recordings.write(file, sound)
        learned = AdaptationStore(config, bundle) if learn else None
        with Recording(file, audio=config.audio) as recording:
            Daemon(config, bundle, recording, sink, adaptation=learned).run(threading.Event())
    return sink.told()


def all_replayed(bundle: Bundle, config: Config, scenes: Sequence[Scene], learns: Sequence[bool]) -> list[list[Told]]:
    """The same of the sound of all ``scenes``, each in every way of ``learns``."""
    found = []
    for scene in tqdm(scenes, desc="replay", unit="scene", leave=False, disable=None):
        heard = rendering.sound(scene)
        found.append([replayed(bundle, config, heard, learn=learn) for learn in learns])
    return found


def traces(bundle: Bundle, config: Config, scenes: Sequence[Scene], cache: Path) -> list[Trace]:
    """Answers all windows of ``scenes`` from log-mel."""
    found = tqdm(scenes, desc="windows", unit="scene", leave=False, disable=None)
    min_frames = max(1, round(config.gate.min_speech_s / GEOMETRY.hop_s))
    return [trace(bundle, rendering.windows(scene, cache, config.gate.min_dbfs), min_frames) for scene in found]


def trace(bundle: Bundle, heard: Heard, min_frames: int) -> Trace:
    """Answers the windows of one scene; the gate needs so many loud frames to be asked."""
    manifest = bundle.manifest
    contents = {**bundle.contents, **({_GATE: bundle.gate} if bundle.gate else {})}
    n_labels = {name: len(model.labels) for name, model in manifest.models.items()}
    if manifest.gate:
        n_labels[_GATE] = len(manifest.gate.labels)
    images = (heard.images ^ np.int8(-128)).view(np.uint8)
    raw = clip_scores.answered(contents, n_labels, installed_runtimes()[0], images)
    speech = np.ones(len(images), np.float32)
    if manifest.gate:
        speech = raw.pop(_GATE)[:, manifest.gate.labels.index(SPEECH)]
    speech = np.where(heard.loud_frames >= min_frames, speech, np.float32(-1))
    return Trace(heard.start, heard.end, speech, routed(manifest, raw, manifest.routes.default))


def followed(bundle: Bundle, config: Config, found: Trace, *, learn: bool, threshold: float | None = None) -> Told:
    """What the device would publish of ``found``; ``threshold`` is the gate's where it is not the bundle's."""
    manifest = bundle.manifest
    if threshold is None:
        threshold = manifest.gate.threshold if manifest.gate else 0.0
    moods = manifest.mean_log_scores.get(manifest.routes.default)
    baseline = Adaptation(manifest.labels, moods, config.baseline) if learn and moods else None
    tracker = Tracker(manifest.labels, tracker_settings(config, manifest.labels))
    stride_s = config.models.stride_s
    events: list[Event] = []
    n_uncertain = 0
    for place, (start, end) in enumerate(zip(found.start.tolist(), found.end.tolist(), strict=True)):
        label, answer = None, None
        if found.speech[place] >= threshold:
            answer = found.answers[place]
            if baseline is not None:
                raw, answer = answer, baseline.corrected(answer)
                baseline.learn(raw, stride_s)
            label = manifest.labels[int(answer.argmax())]
        changes = tracker.update((start + end) // 2, label, answer, discontinuous=place == 0)
        events += [_event(change, manifest.labels, end) for change in changes if isinstance(change, Began)]
        n_uncertain += tracker.state.emotion == "uncertain" and label is not None
    n_speech = int(np.count_nonzero(found.speech >= threshold))
    return Told(tuple(events), len(found.start), n_speech, n_uncertain)


def _event(change: Began | Ended, labels: tuple[str, ...], end: int) -> Event:
    confidence = float(change.scores[labels.index(change.label)])
    return Event(change.label, round(change.start / _RATE_HZ, 3), round(end / _RATE_HZ + _BEHIND_S, 3), confidence)


class _Kept:
    """Sink that keeps what is scored."""

    status = SinkStatus()

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._now_s = 0.0
        self._n_windows = self._n_speech = self._n_uncertain = 0
        self._state = "none"
        self._spoken = False

    def told(self) -> Told:
        """All of it."""
        self._count()
        return Told(tuple(self._events), self._n_windows, self._n_speech, self._n_uncertain)

    def tick(self) -> None:
        """Nothing is due."""

    def publish(self, topic: Topic, payload: msgspec.Struct | str, captured_s: float | None = None) -> None:
        """Windows, starts of episodes, and what holds from a window on."""
        del topic, captured_s
        if isinstance(payload, payloads.WindowScores):
            self._count()  # the states of the window before are published by now
            self._now_s = payload.start_s + payload.duration_s + _BEHIND_S
            self._n_windows += 1
            self._n_speech += payload.speech
            self._spoken = payload.speech
        elif isinstance(payload, payloads.EpisodeStart):
            self._events.append(Event(payload.event_type, payload.start_s, round(self._now_s, 3), payload.confidence))
        elif isinstance(payload, payloads.EmotionState):
            self._state = payload.emotion

    def _count(self) -> None:
        self._n_uncertain += self._spoken and self._state == "uncertain"
        self._spoken = False
