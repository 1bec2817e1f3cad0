"""The hub's loop: messages in, moods out, on one thread; it owns no connection and opens nothing.

    Intake ─Taken─► Routes ─► PlaceSources.fused ─► MoodTracker ─Mood, MoodEvent─► sink, listeners

A place is updated when one of its sources has a message, and each half second while it has a mood, because sources
fade.  Nothing is stored: after a restart a place has no mood until a source has a message.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

import msgspec

from edged.config.hub.structs import Place
from edged.config.structs import Config
from edged.contract.fields import rfc3339
from edged.contract.mood import NONE, HubHealth, HubInputs, MoodEvent
from edged.contract.status import SinkStatus
from edged.contract.topics import HUB, MOOD, MOOD_EVENT, Topic, place_topic
from edged.errors import EdgedError, counted
from edged.host.metrics import Metrics, resident_mb, versions
from edged.host.process.flag import IsSet
from edged.host.systemd import notify
from edged.hub.intake import Intake
from edged.hub.interfaces import MoodListener
from edged.hub.mood_tracker import MoodTracker, Now
from edged.hub.place import Fused
from edged.hub.routes import Routes, my_places

_TICK_S = 0.5  # between two updates of a place that has a mood
_LATENCIES = 1000  # messages whose latency is remembered
_REFUSALS = {"too_large": "payloads of more than 4 kB", "too_many": "more than 20 messages a second"}

_log = logging.getLogger(__name__)


class Sink(Protocol):
    """A publisher, as the hub needs it."""

    @property
    def status(self) -> SinkStatus:
        """A snapshot."""

    def publish(self, topic: Topic, payload: msgspec.Struct | str) -> None:
        """Take a payload for ``topic``; never blocks."""


class _Watched(NamedTuple):
    """One place, and where its mood goes."""

    tracker: MoodTracker
    mood: Topic
    event: Topic


class Hub:
    """Runs the places of one config into one sink."""

    def __init__(  # noqa: PLR0913 -- its two ends, and what it is beside
        self,
        config: Config,
        name: str,
        *,
        routes: Routes,
        intake: Intake,
        sink: Sink,
        listeners: Sequence[MoodListener] = (),
    ) -> None:
        """``name`` is the hub's own, as in its topics."""
        self._config, self._name = config, name
        self._routes, self._intake, self._sink, self._listeners = routes, intake, sink, listeners
        self._places = {place: self._watched(place, settings) for place, settings in my_places(config.hub).items()}
        self._due = set(self._places)  # places to update; at first all, so that an outdated mood is replaced
        self._looked_s = 0.0  # monotonic; the last update of all places with a mood
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)
        self._n_events = 0
        self._metrics = Metrics()
        self._ending: EdgedError | None = None

    def run(self, stop: IsSet, between_turns: Callable[[], None] = lambda: None) -> None:
        """Run until ``stop`` is set; ``between_turns`` is called at least each half second.

        Raises:
            EdgedError: the error given to ``end_with``.
        """
        next_health_s = time.monotonic()
        notify("READY=1")
        try:
            while not stop.is_set():
                self._intake.wait(_TICK_S)
                self.turn()
                between_turns()
                if self._ending is not None:
                    raise self._ending
                if time.monotonic() >= next_health_s:
                    next_health_s = time.monotonic() + self._config.health_s
                    self._report()
        finally:
            notify("STOPPING=1")

    def end_with(self, error: EdgedError) -> None:
        """Make ``run`` end and raise ``error`` within a turn."""
        self._ending = error

    def change(self, config: Config, routes: Routes, listeners: Sequence[MoodListener]) -> None:
        """Continue with another config, which has the same name and root; called between two turns.

        Places that stay keep their mood.  A place that is gone from all parts gets the mood ``none``.
        """
        routes.adopt(self._routes)
        before, self._places = self._places, {}
        same_labels = config.hub.labels == self._config.hub.labels
        for place, settings in my_places(config.hub).items():
            if same_labels and place in before:
                self._places[place] = before[place]
                if settings != self._config.hub.places[place]:
                    before[place].tracker.change(settings)
            else:
                self._places[place] = self._watched(place, settings)
        for place in before.keys() - config.hub.places.keys():
            self._publish(before[place], Fused(NONE), Now(time.monotonic(), time.time()))
        self._config, self._routes, self._listeners = config, routes, listeners
        self._due = set(self._places)

    def turn(self) -> None:
        """Take all messages that have arrived, and publish what they change."""
        now = Now(time.monotonic(), time.time())
        if self._intake.was_lost():
            self._routes.lost(now.monotonic_s)
            self._due.update(self._places)
        arrivals = []
        for taken in self._intake.taken():
            places = [*self._routes.take(taken, now.monotonic_s)]
            if places:
                arrivals.append(taken.at_s)
                self._due.update(places)
        if now.monotonic_s - self._looked_s >= _TICK_S:
            self._looked_s = now.monotonic_s
            self._due.update(place for place, watched in self._places.items() if not watched.tracker.is_settled)
        now = Now(time.monotonic(), time.time())
        for place in sorted(self._due):
            self._look(place, now)
        self._due.clear()
        published_s = time.monotonic()
        self._latencies.extend(published_s - at_s for at_s in arrivals)
        self._log_news()
        notify("WATCHDOG=1")

    def _watched(self, place: str, settings: Place) -> _Watched:
        root = self._config.mqtt.root
        return _Watched(
            MoodTracker(self._name, place, settings),
            place_topic(place, MOOD, root),
            place_topic(place, MOOD_EVENT, root),
        )

    def _look(self, place: str, now: Now) -> None:
        self._publish(self._places[place], self._routes.places[place].fused(now.monotonic_s), now)

    def _publish(self, watched: _Watched, fused: Fused, now: Now) -> None:
        for payload in watched.tracker.update(fused, now):
            if not isinstance(payload, MoodEvent):
                self._sink.publish(watched.mood, payload)
                continue
            self._n_events += 1
            self._sink.publish(watched.event, payload)
            for listener in self._listeners:
                listener.mood_changed(payload)

    def _log_news(self) -> None:
        for topic, refusal in self._intake.first_refusals():
            _log.warning("%s: %s; they are ignored and counted", topic, _REFUSALS[refusal])
        for line in self._routes.news():
            _log.warning("%s", line)

    def _report(self) -> None:
        health = self.health()
        self._sink.publish(replace(HUB, name="hub"), health)
        ignored = sum(msgspec.structs.astuple(health.inputs)) - health.inputs.accepted
        line = (
            f"a mood in {health.moods} of {counted(health.places, 'place')}, "
            f"{counted(health.inputs.accepted, 'message')}, {ignored} ignored, "
            f"{counted(health.events, 'event')}, {health.resident_mb:.0f} MB"
        )
        _log.info("%s", line)
        notify(f"STATUS={line}")

    def health(self) -> HubHealth:
        """The current metrics."""
        status = self._sink.status
        counts: dict[str, int] = {**self._routes.counts, **self._intake.refused}
        latencies = sorted(self._latencies)
        return HubHealth(
            time=rfc3339(time.time()),
            uptime_s=round(self._metrics.uptime_s, 1),
            places=len(self._places),
            topics=len(self._routes.topics),
            moods=sum(watched.tracker.emotion not in ("", NONE) for watched in self._places.values()),
            events=self._n_events,
            inputs=HubInputs(**{name: counts.get(name, 0) for name in HubInputs.__struct_fields__}),
            latency_p50_s=_percentile(latencies, 0.5),
            latency_p95_s=_percentile(latencies, 0.95),
            reconnects=status.reconnects,
            unacknowledged=status.unacknowledged,
            resident_mb=round(resident_mb(), 1),
            cpu_share=round(self._metrics.cpu_share(), 3),
            versions=versions("msgspec"),
        )


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 4) if ordered else None
