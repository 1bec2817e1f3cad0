"""What is published when, on a clock of the test's own; then all of it with a publisher and a real mosquitto."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Self

import msgspec
import pytest

from edged.mqtt.announcement import Announcement
from edged.mqtt.connection import Connection
from edged.mqtt.discovery import messages
from edged.mqtt.entities import Device
from edged.mqtt.publisher import Publisher
from edged.mqtt.subscriber import Subscriber
from edged.mqtt.subscription import Received
from edged.mqtt.topics import CAPTURE, EMOTION
from tests.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.payloads import emotion_state

__all__ = ["idle_mosquitto", "mosquitto"]

KITCHEN = Device(node="kitchen", device_id="0123456789abcdef", labels=("angry", "sad"), version="0.1.0")
TOPIC = f"homeassistant/device/{KITCHEN.identifier}/config"
BIRTH = "homeassistant/status"


def wanted(device: Device = KITCHEN) -> Mapping[str, bytes]:
    """What is to be retained for ``device``."""
    return messages(device, "device", "homeassistant")


class Spoken:
    """A voice that notes what it is asked for, and a clock that stands."""

    def __init__(self) -> None:
        self.retained: list[str] = []
        self.n_repeated = 0
        self.now_s = 1000.0

    def retain(self, topic: str, payload: bytes) -> None:  # noqa: ARG002 -- as a voice is spoken through
        """Note the topic."""
        self.retained.append(topic)

    def repeat(self) -> None:
        """Count."""
        self.n_repeated += 1


class Rehearsal:
    """An announcement with its voice and its clock."""

    def __init__(self, said: Callable[[], Mapping[str, bytes]] = wanted) -> None:
        self.spoken = Spoken()
        self.announcement = Announcement(KITCHEN.identifier, "homeassistant", said, clock=lambda: self.spoken.now_s)
        self.announcement.speak_through(self.spoken)

    def after(self, seconds: float) -> list[str]:
        """What is retained within so many seconds, ticked twice a second."""
        self.spoken.retained.clear()
        for _ in range(round(seconds * 2)):
            self.spoken.now_s += 0.5
            self.announcement.tick()
        return list(self.spoken.retained)

    def held(self, payload: bytes, topic: str = TOPIC) -> None:
        """The broker tells what it keeps."""
        self.announcement.received(Received(topic, payload, retained=True))

    def born(self, payload: bytes = b"online", *, retained: bool = False) -> None:
        """Home Assistant says that it is there."""
        self.announcement.received(Received(BIRTH, payload, retained))


def test_forgotten_is_told_after_listening() -> None:
    """Not at once, since what the broker holds comes only after the subscription."""
    rehearsal = Rehearsal()
    rehearsal.announcement.connected()
    assert rehearsal.after(2.5) == []
    assert rehearsal.after(1) == [TOPIC]
    assert rehearsal.after(600) == []


def test_unchanged_is_not_told_again() -> None:
    """The broker holds just that, whether it says so before or after the connection counts as made."""
    for early in (True, False):
        rehearsal = Rehearsal()
        if early:
            rehearsal.held(wanted()[TOPIC])
        rehearsal.announcement.connected()
        if not early:
            rehearsal.held(wanted()[TOPIC])
        assert rehearsal.after(60) == []


def test_changed_is_told() -> None:
    """A new version of the program."""
    rehearsal = Rehearsal()
    rehearsal.held(wanted(msgspec.structs.replace(KITCHEN, version="0.0.9"))[TOPIC])
    rehearsal.announcement.connected()
    assert rehearsal.after(4) == [TOPIC]


def test_broker_that_comes_back_empty_is_told_again() -> None:
    """What it held before it went says nothing of what it holds now."""
    rehearsal = Rehearsal()
    rehearsal.held(wanted()[TOPIC])
    rehearsal.announcement.connected()
    assert rehearsal.after(10) == []
    rehearsal.announcement.lost()
    assert rehearsal.after(10) == []
    rehearsal.announcement.connected()
    assert rehearsal.after(4) == [TOPIC]


def test_birth_repeats_the_states_within_five_seconds() -> None:
    """After one to five seconds, once, however often it is said meanwhile; the discovery is still there."""
    rehearsal = Rehearsal()
    rehearsal.held(wanted()[TOPIC])
    rehearsal.announcement.connected()
    rehearsal.after(4)
    rehearsal.born()
    rehearsal.born()
    rehearsal.after(0.5)
    assert rehearsal.spoken.n_repeated == 0
    assert rehearsal.after(5) == []
    assert rehearsal.spoken.n_repeated == 1
    rehearsal.born()
    rehearsal.after(6)
    assert rehearsal.spoken.n_repeated == 2


def test_birth_after_the_discovery_was_emptied_tells_it_again() -> None:
    """Whoever emptied it is not contradicted at once, but a Home Assistant that begins anew is told."""
    rehearsal = Rehearsal()
    rehearsal.held(wanted()[TOPIC])
    rehearsal.announcement.connected()
    rehearsal.after(4)
    rehearsal.announcement.received(Received(TOPIC, b"", retained=False))
    assert rehearsal.after(600) == []
    rehearsal.born()
    assert rehearsal.after(6) == [TOPIC]


@pytest.mark.parametrize(("payload", "retained"), [(b"offline", False), (b"online", True), (b"", False)])
def test_what_is_no_birth(payload: bytes, retained: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    """Its end, and a birth of long ago."""
    rehearsal = Rehearsal()
    rehearsal.announcement.connected()
    rehearsal.born(payload, retained=retained)
    rehearsal.after(10)
    assert rehearsal.spoken.n_repeated == 0


def test_config_read_again_is_told_once() -> None:
    """Another ``health_s`` changes when figures expire."""
    device = [KITCHEN]
    rehearsal = Rehearsal(lambda: wanted(device[0]))
    rehearsal.announcement.connected()
    rehearsal.after(4)
    device[0] = msgspec.structs.replace(KITCHEN, health_s=5)
    assert rehearsal.after(10) == [TOPIC]


def test_other_kind_is_migrated_turn_by_turn() -> None:
    """With time between the turns: Home Assistant drops what comes while it is still at the one before."""
    single = messages(KITCHEN, "component", "homeassistant")
    rehearsal = Rehearsal()
    for topic, payload in single.items():
        rehearsal.held(payload, topic)
    rehearsal.announcement.connected()
    assert rehearsal.after(4) == list(single)
    assert rehearsal.after(3) == []
    assert rehearsal.after(3) == [TOPIC]
    assert rehearsal.after(5) == list(single)
    assert rehearsal.after(60) == []


@pytest.mark.parametrize(
    "topic",
    [
        "edged/kitchen/cmd/config",
        f"edged/x/{KITCHEN.identifier}/y/config",
        "homeassistant/device/other/config",
        f"homeassistant/sensor/{KITCHEN.identifier}x/y/config",
        f"homeassistant/sensor/{KITCHEN.identifier}/y/z/config",
    ],
)
def test_topics_of_others_are_left_alone(topic: str) -> None:
    """They come over the same connection, and are neither emptied nor migrated."""
    rehearsal = Rehearsal()
    rehearsal.held(b"{}", topic)
    rehearsal.announcement.connected()
    assert rehearsal.after(60) == [TOPIC]


def test_flood_is_bounded() -> None:
    """Anyone may write to these topics: neither the inbox nor the memory grows with it."""
    rehearsal = Rehearsal()
    rehearsal.announcement.connected()
    for number in range(5000):
        rehearsal.held(b"x", f"homeassistant/sensor/{KITCHEN.identifier}/{number}/config")
    assert len(rehearsal.after(4)) < 500


class Noting(Announcement):
    """One that also notes what it hears."""

    def __init__(self, stage: "Stage") -> None:
        super().__init__(KITCHEN.identifier, "homeassistant", wanted, clock=lambda: stage.now_s)
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
        self.announcement.speak_through(self.publisher)
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
        self.publisher.tick()
        self.now_s += seconds
        self.publisher.tick()


def test_next_daemon_does_not_tell_a_real_broker_again(mosquitto: Mosquitto) -> None:
    """The first one's retained message is what the second finds there."""
    with Stage(mosquitto) as first:
        first.later(5)
        wait_until(lambda: first.saw(TOPIC) == [wanted()[TOPIC]], "the discovery")
    with Stage(mosquitto) as second:
        wait_until(lambda: second.announcement.heard == [(TOPIC, wanted()[TOPIC])], "what the broker holds")
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
        wait_until(lambda: stage.announcement.heard == [(TOPIC, wanted()[TOPIC])], "it again")


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
        assert stage.saw(TOPIC) == [wanted()[TOPIC]]
