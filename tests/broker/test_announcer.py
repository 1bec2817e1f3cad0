"""Discovery with a publisher and a real mosquitto: retained, forgotten, and published again."""

from contextlib import ExitStack
from typing import Self

import msgspec

from edged.contract.topics import CAPTURE, EMOTION, Received
from edged.homeassistant.announcer import Announcer
from edged.mqtt.connection import Connection
from edged.mqtt.publisher import Publisher
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.payloads import emotion_state
from tests.unit.homeassistant.test_announcer import BIRTH, KITCHEN, TOPIC, WHOLE, announced

__all__ = ["idle_mosquitto", "mosquitto"]


class RecordingAnnouncer(Announcer):
    """An announcer that records what it receives."""

    def __init__(self, stage: "Stage") -> None:
        super().__init__(KITCHEN.identifier, "homeassistant", announced(), clock=lambda: stage.now_s)
        self.recorded: list[tuple[str, bytes]] = []
        self.n_connected = 0

    def connected(self) -> None:
        """Count, too: the publisher is connected a moment before its listeners know."""
        super().connected()
        self.n_connected += 1

    def received(self, received: Received) -> None:
        """Record the message, too."""
        super().received(received)
        self.recorded.append((received.topic, received.payload))


class Stage:
    """A publisher with its announcer on a fake clock, and all messages of the broker."""

    def __init__(self, broker: Mosquitto) -> None:
        self.now_s = 1000.0
        self._messages: list[Received] = []
        self.announcement = RecordingAnnouncer(self)
        self.publisher = Publisher(broker.mqtt, "kitchen", listeners=[self.announcement])
        roots = ("homeassistant", "edged")
        self._everything = [Subscriber(msgspec.structs.replace(broker.mqtt, root=root)) for root in roots]

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            for subscriber in self._everything:
                opened.enter_context(subscriber)
                assert subscriber.wait_connected(WITHIN_S)
            opened.enter_context(self.publisher)
            wait_until(lambda: self.announcement.n_connected == 1, "the connection")
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_fault: object) -> None:
        self._opened.close()

    def live_payloads(self, topic: str) -> list[bytes]:
        """Messages published on ``topic`` so far, without retained ones."""
        for subscriber in self._everything:
            while message := subscriber.received(0.01):
                self._messages.append(message)
        return [message.payload for message in self._messages if message.topic == topic and not message.retained]

    def later(self, seconds: float) -> None:
        """Advance the clock in one step."""
        self.announcement.tick(self.publisher)
        self.now_s += seconds
        self.announcement.tick(self.publisher)


def test_next_daemon_does_not_publish_again(mosquitto: Mosquitto) -> None:
    """The second daemon gets the first one's retained message."""
    with Stage(mosquitto) as first:
        first.later(5)
        wait_until(lambda: first.live_payloads(TOPIC) == [WHOLE[TOPIC]], "the discovery")
    with Stage(mosquitto) as second:
        wait_until(lambda: second.announcement.recorded == [(TOPIC, WHOLE[TOPIC])], "what the broker holds")
        second.later(5)
        second.publisher.publish(CAPTURE, "stalled")  # after anything that the announcer would publish
        wait_until(lambda: second.live_payloads("edged/kitchen/capture"), "what was published last")
        assert second.live_payloads(TOPIC) == []


def test_broker_that_forgot_gets_it_again(mosquitto: Mosquitto) -> None:
    """The broker restarted without persistence."""
    with Stage(mosquitto) as stage:
        stage.later(5)
        wait_until(lambda: stage.announcement.recorded, "our own discovery")
        stage.announcement.recorded.clear()
        mosquitto.stop()
        wait_until(lambda: not stage.publisher.connected, "the loss")
        mosquitto.start()
        wait_until(lambda: stage.announcement.n_connected >= 2, "the broker again")
        stage.later(5)
        wait_until(lambda: stage.announcement.recorded == [(TOPIC, WHOLE[TOPIC])], "it again")


def test_real_birth_brings_all_states_again(mosquitto: Mosquitto) -> None:
    """Availability and retained states are repeated, discovery is not."""
    with Stage(mosquitto) as stage, Connection(mosquitto.mqtt, "home") as home:
        stage.publisher.publish(EMOTION, emotion_state("angry"))
        wait_until(lambda: stage.live_payloads("edged/kitchen/emotion"), "the state")
        stage.later(5)
        wait_until(lambda: stage.live_payloads(TOPIC), "the discovery")
        assert home.wait_connected(WITHIN_S)
        home.send(BIRTH, b"online", 0, retained=False)
        wait_until(lambda: (BIRTH, b"online") in stage.announcement.recorded, "the birth")
        stage.later(5)
        stage.later(1)
        wait_until(lambda: len(stage.live_payloads("edged/kitchen/emotion")) == 2, "the state again")
        assert stage.live_payloads("edged/kitchen/availability") == [b"online", b"online"]
        assert stage.live_payloads(TOPIC) == [WHOLE[TOPIC]]
