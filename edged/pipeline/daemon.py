"""The stages in order, from a source of sound to a sink of events.

    Source ─AudioChunk─► WindowClassifier ─Judged─► Tracker ─Began, Ended, State─► payloads ─► Sink

One thread, the caller's, runs every stage; a source has its own reader where it needs one, and a sink never blocks.
Inside, time is the sample count; it becomes UTC only in payloads, from the wall clock that was read at capture, so a
clock that jumps moves time stamps but no duration.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable

import numpy as np

from edged.config.reload import Reload
from edged.config.structs import Config
from edged.contract import payloads
from edged.contract.status import SourceStatus
from edged.contract.topics import CAPTURE, EMOTION, EVENT_END, EVENT_START, HEALTH, INFO, LEVEL, OFF, ON, SPEECH, WINDOW
from edged.errors import EdgedError
from edged.events.payload_builder import PayloadBuilder
from edged.events.tracker import Began, Ended, State, Tracker, tracker_settings
from edged.features.geometry import GEOMETRY
from edged.host.metrics import Metrics
from edged.host.systemd import notify
from edged.models.bundle import Bundle
from edged.pipeline import status
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.classifier import Classification, WindowClassifier
from edged.pipeline.interfaces import AudioChunk, Sink, Source
from edged.pipeline.level import LevelMeter
from edged.pipeline.source_watch import DEAF, SourceWatch

_READ_S = 0.5  # how long a read may wait for sound before the pipeline looks whether it is to stop
_REFRESH_S = 5.0  # the retained state follows its scores at most this often …
_REFRESH_STEP = 0.05  # … and only when the confidence moved this far: Home Assistant's recorder keeps every message
_SKIPPED_S = 60.0  # a device that is too slow says so at most this often

_log = logging.getLogger(__name__)


class Daemon:
    """Runs one source into one sink.  It owns the stages between them and nothing else."""

    def __init__(  # noqa: PLR0913 -- its two ends, and what outlives it
        self,
        config: Config,
        bundle: Bundle,
        source: Source,
        sink: Sink,
        *,
        on_health: Callable[[payloads.Health], None] = lambda _health: None,
        adaptation: AdaptationStore | None = None,
    ) -> None:
        """Loads the models; ``on_health`` is told the figures that the sink is, ``learned`` is gone on with.

        Raises:
            ModelError: the bundle cannot be run here.
            ConfigError: a length of time is no whole count of samples.
        """
        self._config = config
        self._source, self._sink, self._on_health = source, sink, on_health
        self._listening = SourceWatch(source, sink.publish)
        self._classifier = WindowClassifier(config, bundle, None if adaptation is None else adaptation.adaptation)
        self._adaptation = adaptation
        self._tracker = Tracker(bundle.manifest.labels, tracker_settings(config, bundle.manifest.labels))
        self._payloads = PayloadBuilder(bundle.manifest.labels, GEOMETRY.sample_rate_hz)
        self._metrics = Metrics()
        self._meter = LevelMeter()
        self._n_clipped = 0  # when the meter was fed last
        self._newest = (0, 0.0)  # count just past the newest sample that was read, and the monotonic clock at it
        self._skipped = (0, -_SKIPPED_S)  # how many windows were skipped when it was last said, and when that was
        self._published: tuple[State, float] | None = None  # the last state and when it was published
        self._restart_required: tuple[str, ...] = ()  # keys that wait for one
        self._ending: EdgedError | None = None

    def run(
        self,
        stop: threading.Event,
        reload: Reload | None = None,
        between_reads: Callable[[], None] = lambda: None,
    ) -> None:
        """Runs until ``stop`` is set or the source ends; the running episode is ended either way.

        ``between_reads`` is called between two reads, at least each half second; the config is read again there too
        when ``reload`` was asked for it.

        Raises:
            CaptureError, RecordingError: the source failed; what was published until then stands.
            EdgedError: what ``end_with`` was given.
        """
        next_health_s = time.monotonic()
        notify(f"STATUS={self._listening.status}")
        self._publish_info()
        try:
            while not stop.is_set() and not self._source.status.ended:
                chunk = self._source.read(_READ_S)
                source = self._source.status
                if chunk is not None:
                    self._process_chunk(chunk, source)
                # Sound that came before the loss is classified first.
                if chunk is None or source.state not in DEAF:
                    self._check_source()
                self._sink.tick()
                between_reads()
                if self._ending is not None:
                    raise self._ending
                if reload is not None and reload.asked.is_set():
                    self.read_config(reload)
                    next_health_s = time.monotonic()
                if time.monotonic() >= next_health_s:
                    next_health_s = time.monotonic() + self._config.health_s
                    self._report()
            if not stop.is_set():
                self._newest = (self._newest[0], time.monotonic())
                self._publish(self._classifier.finish())
        finally:
            notify("STOPPING=1")
            self._publish_changes(self._tracker.stop())
            if self._adaptation is not None:
                self._adaptation.save()
            self._listening.close()

    def _process_chunk(self, chunk: AudioChunk, source: SourceStatus) -> None:
        self._listening.ready()
        if self._adaptation is not None:
            self._adaptation.select_microphone(source.name)
        began_s = time.monotonic()
        self._payloads.anchor(chunk.start, chunk.utc_s)
        self._newest = (chunk.start + len(chunk.samples), chunk.captured_s if source.live else began_s)
        self._publish(self._classifier.classify(chunk.samples, chunk.start, keep_up=source.live))
        sound_s, peak = len(chunk.samples) / GEOMETRY.sample_rate_hz, float(np.abs(chunk.samples).max())
        self._metrics.count_sound(sound_s, time.monotonic() - began_s, peak)
        before, self._n_clipped = self._n_clipped, source.n_clipped
        level = self._meter.measure(chunk.samples, chunk.utc_s, clipped=self._n_clipped > before)
        if level is not None:
            self._sink.publish(LEVEL, level)

    def _check_source(self) -> None:
        """Publishes whether sound comes when that changed; without sound there is no emotion either."""
        reason = self._listening.look()
        if reason is not None:
            self._publish_changes(self._tracker.stop(reason))

    def read_config(self, reload: Reload) -> None:
        """The config is read again, and holds from now on as far as it can."""
        with self._listening.reloading():
            config, self._restart_required = reload.config(), reload.waiting
            self.change(config)

    def change(self, config: Config) -> None:
        """What of ``config`` can change between two windows holds from now on."""
        self._config = config
        if config.audio.muted != self._source.status.muted:
            self._source.mute(config.audio.muted)
            self._check_source()  # an episode of before ends, and what is published says so
        self._classifier.change(config.gate)
        self._tracker.change(tracker_settings(config, self._classifier.bundle.manifest.labels))
        if self._adaptation is not None:
            self._adaptation.change(config.baseline)
        self._publish_info()

    @property
    def trouble(self) -> str:
        """Why no sound comes, in words; empty when nothing is wrong, or not known to be."""
        return self._source.status.trouble

    def snapshot(self) -> None:
        """Publishes all that says how it is now."""
        state, source = self._tracker.state, self._source.status
        self._sink.publish(CAPTURE, source.state)
        self._sink.publish(SPEECH, ON if state.speech else OFF)
        self._sink.publish(EMOTION, self._payloads.state(state, self._metrics.level_dbfs))
        if self._meter.newest is not None and not source.muted:
            self._sink.publish(LEVEL, self._meter.newest)
        self._publish_info()
        self._report()

    def identity(self) -> payloads.Identity:
        """Which device this is; its STATUS= says for a minute that it was asked."""
        self._listening.note("Identified by command")
        return status.identity(self._config, self._source, self._metrics)

    def end_with(self, error: EdgedError) -> None:
        """After this round the daemon closes and ``run`` raises ``error``."""
        self._ending = error

    def _publish_info(self) -> None:
        muted, waiting = self._source.status.muted, self._restart_required
        self._sink.publish(INFO, status.info(self._config, self._classifier, muted=muted, restart_required=waiting))

    def _publish(self, windows: Iterable[Classification]) -> None:
        for classified in windows:
            window, answer = classified.window, classified.answer
            label, scores, asked = (answer.label, answer.scores, answer.asked) if answer else (None, None, ())
            self._metrics.count_window(window.level_dbfs, speech=answer is not None)
            payload = self._payloads.window(
                window.start,
                window.end,
                label=label,
                scores=scores,
                asked=asked,
                level_dbfs=window.level_dbfs,
                discontinuous=window.discontinuous,
            )
            self._sink.publish(WINDOW, payload)
            # An answer is about the middle of its window: half of it lies on either side.
            middle = (window.start + window.end) // 2
            changes = self._tracker.update(middle, label, scores, discontinuous=window.discontinuous)
            self._publish_changes(changes, self._captured_s(window.end))
            notify("WATCHDOG=1")

    def _captured_s(self, count: int) -> float:
        """The monotonic clock when the sample ``count`` was captured; of a recording, which has no such time, read."""
        newest, newest_s = self._newest
        return newest_s - (newest - count) / GEOMETRY.sample_rate_hz if self._source.status.live else newest_s

    def _publish_changes(self, changes: Iterable[Began | Ended], captured_s: float | None = None) -> None:
        """Publishes what changed, then the state if it is another, and its scores now and then while they move."""
        for change in changes:
            topic = EVENT_START if isinstance(change, Began) else EVENT_END
            self._sink.publish(topic, self._payloads.changed(change), captured_s)
        state, now_s = self._tracker.state, time.monotonic()
        if self._published is not None:
            last, published_s = self._published
            same = (last.emotion, last.speech) == (state.emotion, state.speech)
            moved = abs(self._payloads.confidence(last) - self._payloads.confidence(state)) >= _REFRESH_STEP
            if same and not (moved and now_s - published_s >= _REFRESH_S):
                return
        if self._published is None or self._published[0].speech != state.speech:
            self._sink.publish(SPEECH, ON if state.speech else OFF)
        self._published = (state, now_s)
        self._sink.publish(EMOTION, self._payloads.state(state, self._metrics.level_dbfs))

    def _report(self) -> None:
        """Publishes the health message and logs its figures."""
        health = status.health(self._source, self._sink, self._classifier, self._metrics, self._adaptation)
        self._sink.publish(HEALTH, health)
        self._on_health(health)
        if self._adaptation is not None:
            self._adaptation.save_periodically()
        line = status.line(health)
        _log.info("%s", line)
        notify(f"STATUS={self._listening.status}; {line}")
        skipped, now_s = self._classifier.n_skipped, time.monotonic()
        if skipped > self._skipped[0] and now_s - self._skipped[1] >= _SKIPPED_S:
            _log.warning("too slow for this sound: %d windows skipped, the newest kept", skipped - self._skipped[0])
            self._skipped = (skipped, now_s)
