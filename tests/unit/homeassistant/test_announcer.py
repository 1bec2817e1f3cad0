"""What is published when, on a clock of the test's own; with a real broker in test_announcement_broker."""

import msgspec
import pytest

from edged.contract.topics import Received
from edged.homeassistant.announcer import Announcer
from edged.homeassistant.discovery import Announcement, announcement
from edged.homeassistant.entities import Device

KITCHEN = Device(node="kitchen", device_id="0123456789abcdef", labels=("angry", "sad"), version="0.1.0")
TOPIC = f"homeassistant/device/{KITCHEN.identifier}/config"
BIRTH = "homeassistant/status"


def announced(device: Device = KITCHEN) -> Announcement:
    """What is to be retained for ``device``."""
    return announcement(device, "device", "homeassistant")


WHOLE, PARTS = announced()


class Spoken:
    """A voice that notes what it is asked for, a broker behind it, and a clock that stands.

    The broker states ``max_packet_bytes``, silently drops payloads of ``drops_from`` bytes or more, and sends the
    others back if it ``lets_read``.
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
        """By the payload alone."""
        return self.max_packet_bytes is None or len(topic) + len(payload) <= self.max_packet_bytes

    def refused(self, topic: str, payload: bytes) -> None:
        """From now on it is known."""
        self.max_packet_bytes = len(topic) + len(payload) - 1

    def retain(self, topic: str, payload: bytes) -> None:
        """Note the topic."""
        self.retained.append(topic)
        if self.lets_read and len(payload) < self.drops_from and self.announcer:
            self.announcer.received(Received(topic, payload, retained=False))

    def repeat(self) -> None:
        """Count."""
        self.n_repeated += 1


class Rehearsal:
    """An announcement with its voice and its clock."""

    def __init__(self) -> None:
        self.spoken = Spoken()
        self.announcement = Announcer(KITCHEN.identifier, "homeassistant", announced(), clock=lambda: self.spoken.now_s)
        self.spoken.announcer = self.announcement

    def after(self, seconds: float) -> list[str]:
        """What is retained within so many seconds, ticked twice a second."""
        self.spoken.retained.clear()
        for _ in range(round(seconds * 2)):
            self.spoken.now_s += 0.5
            self.announcement.tick(self.spoken)
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
            rehearsal.held(WHOLE[TOPIC])
        rehearsal.announcement.connected()
        if not early:
            rehearsal.held(WHOLE[TOPIC])
        assert rehearsal.after(60) == []


def test_changed_is_told() -> None:
    """A new version of the program."""
    rehearsal = Rehearsal()
    rehearsal.held(announced(msgspec.structs.replace(KITCHEN, version="0.0.9")).whole[TOPIC])
    rehearsal.announcement.connected()
    assert rehearsal.after(4) == [TOPIC]


def test_broker_that_comes_back_empty_is_told_again() -> None:
    """What it held before it went says nothing of what it holds now."""
    rehearsal = Rehearsal()
    rehearsal.held(WHOLE[TOPIC])
    rehearsal.announcement.connected()
    assert rehearsal.after(10) == []
    rehearsal.announcement.lost()
    assert rehearsal.after(10) == []
    rehearsal.announcement.connected()
    assert rehearsal.after(4) == [TOPIC]


def test_birth_repeats_the_states_within_five_seconds() -> None:
    """After one to five seconds, once, however often it is said meanwhile; the discovery is still there."""
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


def test_birth_after_the_discovery_was_emptied_tells_it_again() -> None:
    """Whoever emptied it is not contradicted at once, but a Home Assistant that begins anew is told."""
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
    """Its end, and a birth of long ago."""
    rehearsal = Rehearsal()
    rehearsal.announcement.connected()
    rehearsal.born(payload, retained=retained)
    rehearsal.after(10)
    assert rehearsal.spoken.n_repeated == 0


def test_config_read_again_is_told_once() -> None:
    """Another ``health_s`` changes when figures expire."""
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
    """Those that do not fit are left out; once the broker takes more, all of it is one message again."""
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
    """It acknowledges all: that a small message comes back and the large one does not tells it."""
    rehearsal = Rehearsal()
    rehearsal.spoken.drops_from = 2000
    rehearsal.announcement.connected()
    said = rehearsal.after(60)
    assert said == [TOPIC, f"homeassistant/sensor/{KITCHEN.identifier}/echo/config", *PARTS]


def test_broker_that_lets_us_read_nothing_is_not_taken_for_one_that_drops() -> None:
    """No message comes back, the small one neither: one message it stays."""
    rehearsal = Rehearsal()
    rehearsal.spoken.lets_read = False
    rehearsal.announcement.connected()
    said = rehearsal.after(60)
    assert said == [TOPIC, f"homeassistant/sensor/{KITCHEN.identifier}/echo/config"]


def test_other_kind_is_migrated_turn_by_turn() -> None:
    """With time between the turns: Home Assistant drops what comes while it is still at the one before."""
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
