"""The announcement with a publisher and a real mosquitto: what is retained there, forgotten, and asked for again."""

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


class Noting(Announcer):
    """One that also notes what it hears."""

    def __init__(self, stage: "Stage") -> None:
        super().__init__(KITCHEN.identifier, "homeassistant", announced(), clock=lambda: stage.now_s)
        self.heard: list[tuple[str, bytes]] = []
        self.n_connected = 0

    def connected(self) -> None:
        """As ever, and counted: the publisher is connected a moment before its listeners know."""
        super().connected()
        self.n_connected += 1

    def received(self, received: Received) -> None:
        """As ever, with a note of it."""
        super().received(received)
        self.heard.append((received.topic, received.payload))


class Stage:
    """A publisher with its announcement, whose clock the test moves, and all that the broker passes on."""

    def __init__(self, broker: Mosquitto) -> None:
        self.now_s = 1000.0
        self._seen: list[Received] = []
        self.announcement = Noting(self)
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

    def saw(self, topic: str) -> list[bytes]:
        """What was published on it by now, without what the broker kept from before."""
        for subscriber in self._everything:
            while message := subscriber.received(0.01):
                self._seen.append(message)
        return [message.payload for message in self._seen if message.topic == topic and not message.retained]

    def later(self, seconds: float) -> None:
        """So much time passes in one go."""
        self.announcement.tick(self.publisher)
        self.now_s += seconds
        self.announcement.tick(self.publisher)


def test_next_daemon_does_not_tell_a_real_broker_again(mosquitto: Mosquitto) -> None:
    """The first one's retained message is what the second finds there."""
    with Stage(mosquitto) as first:
        first.later(5)
        wait_until(lambda: first.saw(TOPIC) == [WHOLE[TOPIC]], "the discovery")
    with Stage(mosquitto) as second:
        wait_until(lambda: second.announcement.heard == [(TOPIC, WHOLE[TOPIC])], "what the broker holds")
        second.later(5)
        second.publisher.publish(CAPTURE, "stalled")  # on the same way, after what the announcement had to say
        wait_until(lambda: second.saw("edged/kitchen/capture"), "what was published last")
        assert second.saw(TOPIC) == []


def test_real_broker_that_forgot_is_told_again(mosquitto: Mosquitto) -> None:
    """It was restarted, and keeps nothing on its disk."""
    with Stage(mosquitto) as stage:
        stage.later(5)
        wait_until(lambda: stage.announcement.heard, "our own discovery")
        stage.announcement.heard.clear()
        mosquitto.stop()
        wait_until(lambda: not stage.publisher.connected, "the loss")
        mosquitto.start()
        wait_until(lambda: stage.announcement.n_connected == 2, "the broker again", 60)
        stage.later(5)
        wait_until(lambda: stage.announcement.heard == [(TOPIC, WHOLE[TOPIC])], "it again")


def test_real_birth_brings_all_states_again(mosquitto: Mosquitto) -> None:
    """Availability and what is retained, a moment later; of the discovery nothing."""
    with Stage(mosquitto) as stage, Connection(mosquitto.mqtt, "home") as home:
        stage.publisher.publish(EMOTION, emotion_state("angry"))
        wait_until(lambda: stage.saw("edged/kitchen/emotion"), "the state")
        stage.later(5)
        wait_until(lambda: stage.saw(TOPIC), "the discovery")
        assert home.wait_connected(WITHIN_S)
        home.send(BIRTH, b"online", 0, retained=False)
        wait_until(lambda: (BIRTH, b"online") in stage.announcement.heard, "the birth")
        stage.later(5)
        stage.later(1)
        wait_until(lambda: len(stage.saw("edged/kitchen/emotion")) == 2, "the state again")
        assert stage.saw("edged/kitchen/availability") == [b"online", b"online"]
        assert stage.saw(TOPIC) == [WHOLE[TOPIC]]
