"""What ``edged replay`` publishes of a sound: the reference for what evaluation makes of the same sound."""

import tempfile
import threading
from pathlib import Path

import msgspec

from convert.data import recordings
from convert.stream.traces import BEHIND_S, Event, Published
from edged.audio.recording import Recording
from edged.config.structs import Config
from edged.contract import payloads
from edged.contract.status import SinkStatus
from edged.contract.topics import Topic
from edged.features.logmel import Floats
from edged.models.bundle import Bundle
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.daemon import Daemon


def replayed(bundle: Bundle, config: Config, sound: Floats, *, learn: bool) -> Published:
    """What ``edged replay`` publishes about ``sound``, with fresh adaptation or without any."""
    sink = _Collector()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scene.wav"
        recordings.write(file, sound)
        adaptation = AdaptationStore(config, bundle) if learn else None
        with Recording(file, audio=config.audio) as recording:
            Daemon(config, bundle, recording, sink, adaptation=adaptation).run(threading.Event())
    return sink.published()


class _Collector:
    """Sink that collects what is scored."""

    status = SinkStatus()

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._now_s = 0.0
        self._n_windows = self._n_speech = self._n_uncertain = 0
        self._state = "none"
        self._spoken = False

    def published(self) -> Published:
        """Everything that was published."""
        self._count()
        return Published(tuple(self._events), self._n_windows, self._n_speech, self._n_uncertain)

    def tick(self) -> None:
        """Nothing is due."""

    def publish(self, topic: Topic, payload: msgspec.Struct | str, captured_s: float | None = None) -> None:
        """Counts windows and collects the starts of episodes and the states."""
        del topic, captured_s
        if isinstance(payload, payloads.WindowScores):
            self._count()  # the states of the window before are published by now
            self._now_s = payload.start_s + payload.duration_s + BEHIND_S
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
