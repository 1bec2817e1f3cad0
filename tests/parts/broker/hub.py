"""A hub in this process, on a real broker, with what it publishes.

config section ──► Hub in a thread ◄──mosquitto──► RunningHub: send payloads, wait for moods and events
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from edged.config.load import parse_config
from edged.config.structs import Config
from edged.contract.fields import rfc3339
from edged.contract.mood import HubHealth, Mood, MoodEvent
from edged.contract.payloads import EmotionState, encoded
from edged.hub.hub import Hub
from edged.hub.intake import Intake
from edged.hub.interfaces import MoodListener
from edged.hub.routes import Routes
from edged.hub.text import TextScorer
from edged.mqtt.connection import Connection
from edged.mqtt.publisher import Publisher
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, wait_until

NAME = "hub-1"


class RunningHub:
    """A hub, a sender and all that the hub published so far."""

    def __init__(self, hub: Hub, publisher: Publisher, sender: Connection, subscriber: Subscriber) -> None:
        self.hub, self.publisher = hub, publisher
        self.moods: list[Mood] = []
        self.events: list[MoodEvent] = []
        self.payloads: list[bytes] = []  # of everything on the broker below its root
        self._sender, self._subscriber = sender, subscriber
        self._started = rfc3339(time.time())

    def send(self, topic: str, payload: bytes | str, *, retained: bool = False, qos: int = 1) -> None:
        """Publish as another program."""
        content = payload.encode() if isinstance(payload, str) else payload
        while self._sender.send(topic, content, qos, retained=retained) is None:
            assert self._sender.wait_connected(WITHIN_S)

    def speak(self, node: str, emotion: str, utc_s: float, **fields: Any) -> None:  # noqa: ANN401 -- EmotionState's
        """Publish a node's state of this moment."""
        self.send(f"edged/{node}/emotion", encoded(node_state(emotion, utc_s, **fields)))

    def wait_for_mood(self, emotion: str, place: str = "kitchen") -> Mood:
        """The newest mood of the place, once it has this emotion."""
        wait_until(lambda: self._poll() and self._newest(place) == emotion, f"mood {emotion} of {place}")
        return [mood for mood in self.moods if mood.place == place][-1]

    def wait_for_sources(self, place: str, count: int) -> Mood:
        """The newest mood of the place, once it has so many sources."""

        def found() -> list[Mood]:
            return [mood for mood in self.moods if mood.place == place][-1:]

        wait_until(lambda: self._poll() and found() and len(found()[0].sources) == count, f"{count} sources")
        return found()[0]

    def wait_for_event(self, label: str, place: str = "kitchen") -> MoodEvent:
        """The event of the place with this label."""

        def found() -> list[MoodEvent]:
            return [event for event in self.events if (event.place, event.event_type) == (place, label)]

        wait_until(lambda: self._poll() and found(), f"event {label} of {place}")
        return found()[-1]

    def wait_for_count(self, name: str, count: int) -> HubHealth:
        """The metrics, once a count of the inputs has this value."""
        wait_until(lambda: getattr(self.hub.health().inputs, name) >= count, f"{count} {name}")
        health = self.hub.health()
        assert getattr(health.inputs, name) == count
        return health

    def poll(self) -> None:
        """Take everything that has arrived."""
        while self._poll(0.2):
            pass

    def _newest(self, place: str) -> str:
        return next((mood.emotion for mood in reversed(self.moods) if mood.place == place), "")

    def _poll(self, within_s: float = 0.02) -> bool:
        message = self._subscriber.received(within_s)
        if message is not None:
            is_event = message.topic.endswith("/event/mood")
            is_mood = not is_event and message.topic.startswith("edged/place/") and message.topic.endswith("/mood")
            mood = msgspec.json.decode(message.payload, type=Mood) if is_mood and message.payload else None
            if message.retained and (mood is None or mood.time < self._started):  # of a hub before
                return True
            # A retained mood of this hub was published before the subscriber, too, was back from a lost broker.
            self.payloads.append(message.payload)
            if mood is not None:
                self.moods.append(mood)
            elif is_event:
                self.events.append(msgspec.json.decode(message.payload, type=MoodEvent))
        return message is not None or within_s < 0.1


def node_state(emotion: str, utc_s: float, **fields: Any) -> EmotionState:  # noqa: ANN401 -- EmotionState's
    """A state as a node publishes it."""
    labels = ("angry", "disgust", "fear", "happy", "neutral", "sad")
    scores = {label: 0.8 if label == emotion else 0.04 for label in labels}
    moment = rfc3339(utc_s)
    given = {"probability": 0.9, "scores": None if emotion == "none" else scores, **fields}
    return EmotionState(time=moment, emotion=emotion, speech=emotion != "none", since=moment, **given)


def hub_config(broker: Mosquitto, section: str) -> Config:
    """A config with this section ``hub`` for a broker."""
    return msgspec.structs.replace(parse_config(section, "config.yaml"), mqtt=broker.mqtt)


@contextmanager
def running_hub(
    broker: Mosquitto, section: str, *, scorer: TextScorer | None = None, listeners: tuple[MoodListener, ...] = ()
) -> Iterator[RunningHub]:
    """Run the hub of a config section until the end of the block."""
    config = hub_config(broker, section)
    routes = Routes(config.hub, config.mqtt.root, scorer)
    intake = Intake(routes.topics)
    publisher = Publisher(config.mqtt, NAME, listeners=[intake])
    hub = Hub(config, NAME, routes=routes, intake=intake, sink=publisher, listeners=listeners)
    stop = threading.Event()
    faults: list[BaseException] = []

    def run() -> None:
        try:
            hub.run(stop)
        except BaseException as exc:  # noqa: BLE001 -- raised again below
            faults.append(exc)

    thread = threading.Thread(target=run, name="hub")
    with Subscriber(config.mqtt, limit=100_000) as subscriber, Connection(config.mqtt, "edged-test-sender") as sender:
        assert subscriber.wait_connected(WITHIN_S)
        assert sender.wait_connected(WITHIN_S)
        with publisher:
            assert publisher.wait_connected(WITHIN_S)
            thread.start()
            try:
                yield RunningHub(hub, publisher, sender, subscriber)
            finally:
                stop.set()
                thread.join(WITHIN_S)
    assert not thread.is_alive()
    assert not faults, faults
