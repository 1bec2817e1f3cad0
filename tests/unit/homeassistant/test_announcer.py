"""Times and contents of discovery messages, with a fake clock; test_announcer of tests/broker uses a real broker."""

import msgspec
import pytest

from edged.contract.topics import Received
from edged.homeassistant.announcer import Announcer
from edged.homeassistant.discovery import Announcement, announcement
from edged.homeassistant.entity import Device

KITCHEN = Device(node="kitchen", device_id="0123456789abcdef", labels=("angry", "sad"), version="0.1.0")
TOPIC = f"homeassistant/device/{KITCHEN.identifier}/config"
BIRTH = "homeassistant/status"


def announced(device: Device = KITCHEN) -> Announcement:
    """Messages to retain for ``device``."""
    return announcement(device, "device", "homeassistant")


WHOLE, PARTS = announced()


class FakePublisher:
    """A fake publisher that records requests, with a simulated broker and a fixed clock.

    The broker announces ``max_packet_bytes``, silently drops payloads of ``drops_from`` bytes or more, and returns
    other messages if it ``lets_read``.
    """

    def __init__(self) -> None:
        self.announcer: Announcer | None = None
        self.retained: list[str] = []
        self.n_repeated = 0
        self.now_s = 1000.0
        self.max_packet_bytes: int | None = None
        self.drops_from = 10**6
        self.lets_read = True

    def fits(self, topic: str, payload: bytes) -> bool:
        """Check the size of the payload only."""
        return self.max_packet_bytes is None or len(topic) + len(payload) <= self.max_packet_bytes

    def refused(self, topic: str, payload: bytes) -> None:
        """Record the refusal."""
        self.max_packet_bytes = len(topic) + len(payload) - 1

    def retain(self, topic: str, payload: bytes) -> None:
        """Record the topic."""
        self.retained.append(topic)
        if self.lets_read and len(payload) < self.drops_from and self.announcer:
            self.announcer.received(Received(topic, payload, retained=False))

    def repeat(self) -> None:
        """Count the call."""
        self.n_repeated += 1


class Rehearsal:
    """An announcement with its fake publisher and clock."""

    def __init__(self) -> None:
        self.spoken = FakePublisher()
        self.announcement = Announcer(KITCHEN.identifier, "homeassistant", announced(), clock=lambda: self.spoken.now_s)
        self.spoken.announcer = self.announcement

    def after(self, seconds: float) -> list[str]:
        """Topics retained within this time, with two ticks a second."""
        self.spoken.retained.clear()
        for _ in range(round(seconds * 2)):
            self.spoken.now_s += 0.5
            self.announcement.tick(self.spoken)
        return list(self.spoken.retained)

    def held(self, payload: bytes, topic: str = TOPIC) -> None:
        """The broker delivers a retained message."""
        self.announcement.received(Received(topic, payload, retained=True))

    def born(self, payload: bytes = b"online", *, retained: bool = False) -> None:
        """Home Assistant publishes its birth message."""
        self.announcement.received(Received(BIRTH, payload, retained))


def test_missing_is_published_after_listening() -> None:
    """Discovery waits, since retained messages arrive only after the subscription."""
    rehearsal = Rehearsal()
    rehearsal.announcement.connected()
    assert rehearsal.after(2.5) == []
    assert rehearsal.after(1) == [TOPIC]
    assert rehearsal.after(600) == []


def test_unchanged_is_not_published_again() -> None:
    """If the broker has the same messages, before or after the connection is reported, nothing is published."""
    for early in (True, False):
        rehearsal = Rehearsal()
        if early:
            rehearsal.held(WHOLE[TOPIC])
        rehearsal.announcement.connected()
        if not early:
            rehearsal.held(WHOLE[TOPIC])
        assert rehearsal.after(60) == []


def test_changed_is_published() -> None:
    """A new version of the program publishes new discovery."""
    rehearsal = Rehearsal()
    rehearsal.held(announced(msgspec.structs.replace(KITCHEN, version="0.0.9")).whole[TOPIC])
    rehearsal.announcement.connected()
    assert rehearsal.after(4) == [TOPIC]


def test_broker_that_comes_back_empty_gets_it_again() -> None:
    """Retained messages of an earlier connection no longer count."""
    rehearsal = Rehearsal()
    rehearsal.held(WHOLE[TOPIC])
    rehearsal.announcement.connected()
    assert rehearsal.after(10) == []
    rehearsal.announcement.lost()
    assert rehearsal.after(10) == []
    rehearsal.announcement.connected()
    assert rehearsal.after(4) == [TOPIC]


def test_birth_repeats_the_states_within_five_seconds() -> None:
    """States are repeated once within one to five seconds, however many births arrive; discovery stays."""
    rehearsal = Rehearsal()
    rehearsal.held(WHOLE[TOPIC])
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


def test_birth_after_the_discovery_was_emptied_publishes_it_again() -> None:
    """Emptied discovery is not restored at once, but after the next birth of Home Assistant."""
    rehearsal = Rehearsal()
    rehearsal.held(WHOLE[TOPIC])
    rehearsal.announcement.connected()
    rehearsal.after(4)
    rehearsal.announcement.received(Received(TOPIC, b"", retained=False))
    assert rehearsal.after(600) == []
    rehearsal.born()
    assert rehearsal.after(6) == [TOPIC]


@pytest.mark.parametrize(("payload", "retained"), [(b"offline", False), (b"online", True), (b"", False)])
def test_what_is_no_birth(payload: bytes, retained: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    """Its last will and a retained birth are ignored."""
    rehearsal = Rehearsal()
    rehearsal.announcement.connected()
    rehearsal.born(payload, retained=retained)
    rehearsal.after(10)
    assert rehearsal.spoken.n_repeated == 0


def test_reloaded_config_is_published_once() -> None:
    """A new ``health_s`` changes the expiry of sensors."""
    rehearsal = Rehearsal()
    rehearsal.announcement.change(announced(msgspec.structs.replace(KITCHEN, health_s=7)))
    assert rehearsal.after(10) == []
    rehearsal.announcement.connected()
    assert rehearsal.after(10) == [TOPIC]
    for _ in range(2):
        rehearsal.announcement.change(announced(msgspec.structs.replace(KITCHEN, health_s=5)))
    assert rehearsal.after(10) == [TOPIC]
    rehearsal.announcement.lost()
    rehearsal.announcement.change(announced())
    assert rehearsal.after(10) == []


def test_broker_that_states_a_limit_gets_a_message_for_each_entity() -> None:
    """Messages that do not fit are left out; without the limit one message replaces them again."""
    limit = sorted(len(topic) + len(payload) for topic, payload in PARTS.items())[-2]
    rehearsal = Rehearsal()
    rehearsal.spoken.max_packet_bytes = limit
    rehearsal.announcement.connected()
    fitting = [topic for topic, payload in PARTS.items() if len(topic) + len(payload) <= limit]
    assert len(fitting) == len(PARTS) - 1
    assert rehearsal.after(60) == fitting
    rehearsal.spoken.max_packet_bytes = None
    assert set(rehearsal.after(60)) == {TOPIC, *fitting}


def test_broker_that_drops_a_large_message_gets_one_for_each_entity() -> None:
    """The broker acknowledges all messages; only the small one comes back, which reveals the limit."""
    rehearsal = Rehearsal()
    rehearsal.spoken.drops_from = 2000
    rehearsal.announcement.connected()
    topics = rehearsal.after(60)
    assert topics == [TOPIC, f"homeassistant/sensor/{KITCHEN.identifier}/echo/config", *PARTS]


def test_broker_that_lets_us_read_nothing_is_not_taken_for_one_that_drops() -> None:
    """If no message comes back, not even a small one, it stays one message."""
    rehearsal = Rehearsal()
    rehearsal.spoken.lets_read = False
    rehearsal.announcement.connected()
    topics = rehearsal.after(60)
    assert topics == [TOPIC, f"homeassistant/sensor/{KITCHEN.identifier}/echo/config"]


def test_other_kind_is_migrated_turn_by_turn() -> None:
    """Pauses separate the turns, since Home Assistant drops messages while it handles the last ones."""
    rehearsal = Rehearsal()
    for topic, payload in PARTS.items():
        rehearsal.held(payload, topic)
    rehearsal.announcement.connected()
    assert rehearsal.after(4) == list(PARTS)
    assert rehearsal.after(3) == []
    assert rehearsal.after(3) == [TOPIC]
    assert rehearsal.after(5) == list(PARTS)
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
    """Messages of other devices are neither emptied nor migrated."""
    rehearsal = Rehearsal()
    rehearsal.held(b"{}", topic)
    rehearsal.announcement.connected()
    assert rehearsal.after(60) == [TOPIC]


def test_flood_is_bounded() -> None:
    """Anyone may publish on these topics: neither inbox nor memory grows."""
    rehearsal = Rehearsal()
    rehearsal.announcement.connected()
    for number in range(5000):
        rehearsal.held(b"x", f"homeassistant/sensor/{KITCHEN.identifier}/{number}/config")
    assert len(rehearsal.after(4)) < 500
