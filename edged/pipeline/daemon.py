"""The stages in order, from a source of sound to a sink of events.

    Source ─AudioChunk─► WindowClassifier ─Classification─► Tracker ─Began, Ended, State─► payloads ─► Sink

The calling thread runs every stage; a source may have a reader thread of its own, and a sink never blocks.  Inside,
time is the sample count.  It becomes UTC only in payloads, from the wall clock read at capture, so a clock that jumps
moves time stamps but changes no duration.
"""

import logging
import time
from collections.abc import Callable, Iterable

from edged.config.reload import Reload
from edged.config.structs import Config
from edged.contract.device import Identity
from edged.contract.health import Health
from edged.contract.status import SourceStatus
from edged.contract.topics import CAPTURE, EMOTION, EVENT_END, EVENT_START, HEALTH, INFO, LEVEL, OFF, ON, SPEECH, WINDOW
from edged.errors import EdgedError, counted
from edged.events.payload_builder import PayloadBuilder
from edged.events.retained_state import RetainedState
from edged.events.tracker import Began, Ended, Tracker, tracker_settings
from edged.features.geometry import GEOMETRY
from edged.host.metrics import Metrics
from edged.host.process.flag import IsSet
from edged.host.systemd import notify
from edged.models.bundle import Bundle
from edged.pipeline import status
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.calibrator import Calibrator
from edged.pipeline.classifier import Classification, WindowClassifier
from edged.pipeline.interfaces import AudioChunk, Sink, Source
from edged.pipeline.level import LevelMeter, peak_of
from edged.pipeline.source_watch import DEAF, SourceWatch

_READ_S = 0.5  # a read waits this long for sound, then the pipeline checks whether to stop
_SKIPPED_S = 60.0  # between two warnings of a device that is too slow

_log = logging.getLogger(__name__)


class Daemon:
    """Runs one source into one sink.  It owns the stages between them, and nothing else."""

    def __init__(  # noqa: PLR0913 -- its two ends, and what outlives it
        self,
        config: Config,
        bundle: Bundle,
        source: Source,
        sink: Sink,
        *,
        on_health: Callable[[Health], None] = lambda _health: None,
        adaptation: AdaptationStore | None = None,
    ) -> None:
        """Loads the models; ``on_health`` gets each health message, ``adaptation`` corrects the scores.

        Raises:
            ModelError: the bundle cannot be run here.
            ConfigError: a duration is no whole number of samples.
        """
        self._config = config
        self._source, self._sink, self._on_health = source, sink, on_health
        self._watch = SourceWatch(source, sink.publish)
        self._classifier = WindowClassifier(config, bundle, None if adaptation is None else adaptation.adaptation)
        self._adaptation = adaptation
        self.calibrator = Calibrator(self._classifier, adaptation) if adaptation is not None else None
        self._tracker = Tracker(bundle.manifest.labels, tracker_settings(config, bundle.manifest.labels))
        self._payloads = PayloadBuilder(bundle.manifest.labels, GEOMETRY.sample_rate_hz)
        self._retained = RetainedState(self._payloads.confidence)
        self._metrics = Metrics()
        self._meter = LevelMeter()
        self._n_clipped = 0  # at the last chunk
        self._newest = (0, 0.0)  # sample count after the newest sample, and the monotonic clock at it
        self._skipped = (0, -_SKIPPED_S)  # windows skipped by the last warning, and its time
        self._restart_required: tuple[str, ...] = ()  # changed keys that take effect after a restart
        self._ending: EdgedError | None = None

    def run(
        self,
        stop: IsSet,
        reload: Reload | None = None,
        between_reads: Callable[[], None] = lambda: None,
    ) -> None:
        """Runs until ``stop`` is set or the source ends; the running episode is ended either way.

        ``between_reads`` is called between two reads, at least each half second; the config is read again there too
        when ``reload`` was asked for it.

        Raises:
            CaptureError, RecordingError: the source failed.
            EdgedError: the error given to ``end_with``.
        """
        next_health_s = time.monotonic()
        notify(f"STATUS={self._watch.status}")
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
                self._report()  # of the whole recording: the first one, at its start, counts nothing
        finally:
            notify("STOPPING=1")
            self._publish_changes(self._tracker.stop())
            if self._adaptation is not None:
                self._adaptation.save()
            self._watch.close()

    def _process_chunk(self, chunk: AudioChunk, source: SourceStatus) -> None:
        self._watch.ready()
        if self._adaptation is not None:
            self._adaptation.select_microphone(source.name)
        began_s = time.monotonic()
        self._payloads.anchor(chunk.start, chunk.utc_s)
        self._newest = (chunk.start + len(chunk.samples), chunk.captured_s if source.live else began_s)
        self._publish(self._classifier.classify(chunk.samples, chunk.start, keep_up=source.live))
        self._source.await_count(self._classifier.due)  # until then the pipeline has nothing to do
        sound_s, peak = len(chunk.samples) / GEOMETRY.sample_rate_hz, peak_of(chunk.samples)
        self._metrics.count_sound(sound_s, time.monotonic() - began_s, peak)
        before, self._n_clipped = self._n_clipped, source.n_clipped
        level = self._meter.measure(chunk.samples, chunk.utc_s, peak=peak, clipped=self._n_clipped > before)
        if level is not None:
            self._sink.publish(LEVEL, level)

    def _check_source(self) -> None:
        """Publishes a change of the source's state; without sound the running episode ends."""
        reason = self._watch.check()
        if reason is not None:
            self._publish_changes(self._tracker.stop(reason))

    def read_config(self, reload: Reload) -> None:
        """Reads the config again and applies its live keys."""
        with self._watch.reloading():
            config, self._restart_required = reload.config(), reload.waiting
            self.change(config)

    def change(self, config: Config) -> None:
        """Applies what can change between two windows."""
        self._config = config
        if config.audio.muted != self._source.status.muted:
            self._source.mute(config.audio.muted)
            self._check_source()  # ends the running episode and publishes the new state
        self._classifier.change(config.gate)
        self._tracker.change(tracker_settings(config, self._classifier.bundle.manifest.labels))
        if self._adaptation is not None:
            self._adaptation.change(config.baseline)
        self._publish_info()

    @property
    def trouble(self) -> str:
        """Why no sound comes, in words; empty while nothing is known to be wrong."""
        return self._source.status.trouble

    def snapshot(self) -> None:
        """Publishes the current states, level, info and health."""
        state, source = self._tracker.state, self._source.status
        self._sink.publish(CAPTURE, source.state)
        self._sink.publish(SPEECH, ON if state.speech else OFF)
        self._sink.publish(EMOTION, self._payloads.state(state, self._metrics.level_dbfs))
        if self._meter.newest is not None and not source.muted:
            self._sink.publish(LEVEL, self._meter.newest)
        self._publish_info()
        self._report()

    def identity(self) -> Identity:
        """Identifies this device; systemd's STATUS= says so for a minute."""
        self._watch.note("Identified by command")
        return status.identity(self._config, self._source, self._metrics)

    def end_with(self, error: EdgedError) -> None:
        """Makes ``run`` end and raise ``error`` after the current read."""
        self._ending = error

    def _publish_info(self) -> None:
        muted, waiting = self._source.status.muted, self._restart_required
        self._sink.publish(INFO, status.info(self._config, self._classifier, muted=muted, restart_required=waiting))

    def _publish(self, windows: Iterable[Classification]) -> None:
        for classification in windows:
            window, answer = classification.window, classification.answer
            label, scores, asked = (answer.label, answer.scores, answer.asked) if answer else (None, None, ())
            dimensions = answer.dimensions if answer else {}
            self._metrics.count_window(window.level_dbfs, speech=answer is not None)
            payload = self._payloads.window(
                window.start,
                window.end,
                label=label,
                scores=scores,
                asked=asked,
                level_dbfs=window.level_dbfs,
                discontinuous=window.discontinuous,
                dimensions=dimensions,
            )
            self._sink.publish(WINDOW, payload)
            # An answer belongs to the middle of its window.
            middle = (window.start + window.end) // 2
            changes = self._tracker.update(
                middle, label, scores, discontinuous=window.discontinuous, dimensions=dimensions
            )
            self._publish_changes(changes, self._captured_s(window.end))
            notify("WATCHDOG=1")

    def _captured_s(self, count: int) -> float:
        """The monotonic clock when sample ``count`` was captured, or read where the source is a recording."""
        newest, newest_s = self._newest
        return newest_s - (newest - count) / GEOMETRY.sample_rate_hz if self._source.status.live else newest_s

    def _publish_changes(self, changes: Iterable[Began | Ended], captured_s: float | None = None) -> None:
        """Publishes changes, then the state if it is due."""
        for change in changes:
            topic = EVENT_START if isinstance(change, Began) else EVENT_END
            self._sink.publish(topic, self._payloads.event(change), captured_s)
        if (state := self._retained.due(self._tracker, time.monotonic())) is None:
            return
        if self._retained.speech_changed:
            self._sink.publish(SPEECH, ON if state.speech else OFF)
        self._sink.publish(EMOTION, self._payloads.state(state, self._metrics.level_dbfs))

    def _report(self) -> None:
        """Publishes the health message and logs a summary of it."""
        health = status.health(self._source, self._sink, self._classifier, self._metrics, self._adaptation)
        self._sink.publish(HEALTH, health)
        self._on_health(health)
        if self._adaptation is not None:
            self._adaptation.save_periodically()
        line = status.line(health)
        _log.info("%s", line)
        notify(f"STATUS={self._watch.status}; {line}")
        skipped, now_s = self._classifier.n_skipped, time.monotonic()
        if skipped > self._skipped[0] and now_s - self._skipped[1] >= _SKIPPED_S:
            _log.warning("too slow for live sound: %s skipped", counted(skipped - self._skipped[0], "window"))
            self._skipped = (skipped, now_s)
