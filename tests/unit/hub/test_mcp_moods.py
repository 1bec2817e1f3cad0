"""What the MCP server knows: moods by place, bounded, and how often the model card says they are right."""

import msgspec
import pytest

from edged.contract.mood import Mood, MoodEvent
from edged.contract.payloads import encoded
from edged.contract.topics import Received
from edged.host.uuid7 import new_id
from edged.hub.mcp.moods import Moods
from edged.hub.mcp.reliability import reliabilities
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle

_TIME = "2026-01-02T03:04:05.000Z"


class Clock:
    """A monotonic clock that the test sets."""

    now_s = 0.0

    def __call__(self) -> float:
        """Now."""
        return self.now_s


def mood(place: str, emotion: str = "sad") -> bytes:
    """A retained mood."""
    return encoded(
        Mood(
            hub="hub-lab",
            time=_TIME,
            place=place,
            emotion=emotion,
            since=_TIME,
            method="pool",
            sentence=f"{emotion} for 9 s",
        )
    )


def change(place: str, emotion: str, identity: str = "") -> bytes:
    """A change of it."""
    made = MoodEvent(
        id=identity or new_id(),
        event_type=emotion,
        previous="none",
        time=_TIME,
        place=place,
        since=_TIME,
        sentence=f"{emotion} for 3 s",
    )
    return encoded(made)


def received(topic: str, payload: bytes) -> Received:
    """A message."""
    return Received(f"edged/place/{topic}", payload, retained=False)


def test_mood_is_the_newest() -> None:
    """A later payload replaces the earlier one; places are in order."""
    moods = Moods("edged")
    for place, emotion in (("kitchen", "sad"), ("hall", "happy"), ("kitchen", "angry")):
        moods.take(received(f"{place}/mood", mood(place, emotion)))
    assert moods.places() == ["hall", "kitchen"]
    current = moods.current("kitchen")
    assert current is not None
    assert current.emotion == "angry"
    assert moods.current("cellar") is None


def test_history_forgets_by_its_own_clock() -> None:
    """Changes by hours of this machine; one that arrives twice is there once."""
    clock = Clock()
    moods = Moods("edged", clock)
    twice = new_id()
    moods.take(received("hall/event/mood", change("hall", "sad", twice)))
    moods.take(received("hall/event/mood", change("hall", "sad", twice)))
    clock.now_s = 7200
    moods.take(received("hall/event/mood", change("hall", "angry")))
    assert [one.event_type for one in moods.history("hall", 24)] == ["sad", "angry"]
    assert [one.event_type for one in moods.history("hall", 1)] == ["angry"]


def test_mood_is_valid_while_its_hub_is_online() -> None:
    """As its availability says, before or after the mood; unknown without one, and once the broker is lost."""
    moods = Moods("edged")
    moods.take(received("kitchen/mood", mood("kitchen")))
    assert moods.is_online("kitchen") is None
    for payload, expected in ((b"online", True), (b"offline", False), (b"", False)):
        moods.take(Received("edged/hub-lab/availability", payload, retained=True))
        assert moods.is_online("kitchen") is expected
    moods.take(Received("edged/hub-2/availability", b"online", retained=True))
    moods.take(Received("edged/hub-lab/event/availability", b"online", retained=True))
    assert moods.is_online("kitchen") is False
    assert moods.is_online("cellar") is None
    moods.lost()
    assert moods.is_online("kitchen") is None


def test_senders_are_bounded() -> None:
    """Those that are known are followed on."""
    moods = Moods("edged")
    moods.take(received("kitchen/mood", mood("kitchen")))
    moods.take(Received("edged/hub-lab/availability", b"online", retained=True))
    for number in range(6000):
        moods.take(Received(f"edged/node-{number}/availability", b"online", retained=True))
    moods.take(Received("edged/hub-lab/availability", b"offline", retained=False))
    assert moods.is_online("kitchen") is False
    moods.take(received("hall/mood", mood("hall").replace(b"hub-lab", b"node-5999")))
    assert moods.is_online("hall") is None


@pytest.mark.parametrize(
    "payload", [b"{}", b"\xff", b"[" * 5000, mood("cellar"), mood("hall") + b" " * 20_000, b'{"v": "x"}']
)
def test_payload_that_is_no_mood(payload: bytes) -> None:
    """It is counted and changes nothing; neither does a mood under another place's topic."""
    moods = Moods("edged")
    moods.take(received("hall/mood", payload))
    assert (moods.places(), moods.refused) == ([], 1)


def test_places_are_bounded() -> None:
    """A flood of places ends at a thousand; those that are known go on."""
    moods = Moods("edged")
    for number in range(1100):
        moods.take(received(f"p{number}/mood", mood(f"p{number}")))
    assert len(moods.places()) == 1000
    moods.take(received("p5/mood", mood("p5", "angry")))
    current = moods.current("p5")
    assert current is not None
    assert current.emotion == "angry"


def test_reliability_of_the_shipped_card() -> None:
    """Each corpus but validation, with a share of right answers for each label that is answered."""
    manifest = load_bundle(DEFAULT_BUNDLE).manifest
    found = {one.corpus: one for one in reliabilities(manifest.metrics, manifest.labels)}
    assert "validation" not in found
    assert found["ravdess"].never_trained
    assert not found["cremad"].never_trained
    assert all(0 <= share <= 1 for one in found.values() for share in one.right.values())


def test_reliability_by_hand() -> None:
    """Labels weigh alike: of two labels with 10 and 100 clips, each half right, an answer is right in half."""
    row = {"default": "soft", "soft": {"uar": 0.5, "confusion": [[5, 5], [50, 50]]}}
    (one,) = reliabilities({"rows": {"corpus": row, "validation": row, "other": {}}}, ("a", "b"))
    assert (one.uar, one.right) == (0.5, {"a": 0.5, "b": 0.5})
    assert msgspec.to_builtins(one)[0] == "corpus"


def test_removed_place_is_forgotten() -> None:
    """An empty mood, as `edged discovery --place --remove` leaves it, is none; an empty event says nothing."""
    moods = Moods("edged")
    moods.take(received("pantry/mood", mood("pantry")))
    moods.take(received("pantry/event/mood", b""))
    assert moods.places() == ["pantry"]
    moods.take(received("pantry/mood", b""))
    moods.take(received("cellar/mood", b""))
    assert moods.places() == []
