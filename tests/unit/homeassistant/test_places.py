"""Places in Home Assistant: entities, templates on real payloads, one announcer for each and one birth for all."""

import json
import logging
from typing import Any

import msgspec
import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from edged.contract.mood import Mood, MoodEvent, SourceShare
from edged.contract.payloads import encoded
from edged.contract.topics import Received
from edged.homeassistant.discovery import announcement
from edged.homeassistant.place_announcer import PlaceAnnouncer
from edged.homeassistant.place_entities import PlaceDevice, place_entities
from tests.parts.broker.payloads import EVENT_ID, TIME
from tests.unit.homeassistant.test_announcer import FakePublisher

LABELS = ("angry", "disgust", "fear", "happy", "neutral", "sad")
KITCHEN = PlaceDevice(place="kitchen", hub="hub-1", labels=LABELS, version="0.1.0", suggested_area="Kitchen")
NONE = Mood(time=TIME, hub="hub-1", place="kitchen", emotion="none", since=TIME, method="pool", sentence="no mood")
ANGRY = msgspec.structs.replace(
    NONE,
    emotion="angry",
    confidence=0.8449,
    agreement=0.75,
    sources={"voice": SourceShare(label="angry", age_s=0, weight=1)},
    sentence="x" * 300,
)
EVENT = MoodEvent(
    id=EVENT_ID, event_type="angry", previous="none", time=TIME, place="kitchen", since=TIME, sentence="angry"
)


def rendered(template: str, payload: msgspec.Struct) -> str:
    """The template on the payload, as Home Assistant renders it."""
    environment = ImmutableSandboxedEnvironment()
    environment.filters["tojson"] = json.dumps
    text = encoded(payload).decode()
    return environment.from_string(template).render(value=text, value_json=json.loads(text))


def test_entities_of_a_place() -> None:
    """Ids, topics and options; available while the hub is."""
    found = place_entities(KITCHEN)
    assert [*found] == ["event_mood", "sensor_mood", "sensor_confidence", "sensor_agreement", "sensor_summary"]
    assert found["event_mood"]["state_topic"] == "edged/place/kitchen/event/mood"
    assert found["event_mood"]["event_types"] == [*LABELS, "uncertain", "none"]
    assert found["sensor_mood"]["state_topic"] == "edged/place/kitchen/mood"
    assert found["sensor_mood"]["unique_id"] == "edged_place_kitchen_sensor_mood"
    assert found["sensor_mood"]["default_entity_id"] == "sensor.kitchen_mood"
    assert {entity["availability"][0]["topic"] for entity in found.values()} == {"edged/hub-1/availability"}


@pytest.mark.parametrize(
    ("entity", "payload", "expected"),
    [
        ("event_mood", EVENT, encoded(EVENT).decode()),
        ("event_mood", msgspec.structs.replace(EVENT, replayed=True), ""),
        ("sensor_mood", ANGRY, "angry"),
        ("sensor_mood", NONE, "none"),
        ("sensor_confidence", ANGRY, "84.5"),
        ("sensor_confidence", NONE, "0"),
        ("sensor_agreement", ANGRY, "75.0"),
        ("sensor_agreement", NONE, ""),
        ("sensor_summary", NONE, "no mood"),
        ("sensor_summary", ANGRY, "x" * 250),
    ],
)
def test_templates(entity: str, payload: msgspec.Struct, expected: str) -> None:
    """Each template turns each payload into text."""
    assert rendered(place_entities(KITCHEN)[entity]["value_template"], payload) == expected


@pytest.mark.parametrize("payload", [ANGRY, NONE])
def test_attributes_are_an_object(payload: Mood) -> None:
    """Sources, agreement, since and the sentence."""
    attributes: dict[str, Any] = json.loads(
        rendered(place_entities(KITCHEN)["sensor_mood"]["json_attributes_template"], payload)
    )
    assert attributes.keys() == {"since", "sources", "agreement", "sentence"}


def test_device_names_no_machine() -> None:
    """The place may move to another hub and stay the same device; another root is another device."""
    whole = announcement(KITCHEN, "device", "homeassistant").whole
    message = json.loads(whole["homeassistant/device/edged_place_kitchen/config"])
    assert message["dev"] == {
        "ids": ["edged_place_kitchen"],
        "name": "kitchen",
        "mf": "edged",
        "mdl": "Mood of a place",
        "sw": "0.1.0",
        "sa": "Kitchen",
    }
    other = msgspec.structs.replace(KITCHEN, hub="hub-2")
    assert other.identifier == KITCHEN.identifier
    assert msgspec.structs.replace(KITCHEN, root="home/edged").identifier == "home-edged_place_kitchen"


class Stage:
    """Two places with a publisher and a clock that are not real."""

    def __init__(self) -> None:
        self.publisher = FakePublisher()
        devices = [msgspec.structs.replace(KITCHEN, place=place) for place in ("attic", "kitchen")]
        self.announcer = PlaceAnnouncer(
            "homeassistant",
            {one.identifier: announcement(one, "device", "homeassistant") for one in devices},
            clock=lambda: self.publisher.now_s,
        )

    def after(self, seconds: float) -> list[str]:
        """Topics retained within this time."""
        self.publisher.retained.clear()
        for _ in range(round(seconds * 2)):
            self.publisher.now_s += 0.5
            self.announcer.tick(self.publisher)
        return self.publisher.retained


def test_every_place_is_announced_once() -> None:
    """Three seconds after connecting, unless the broker holds it already."""
    stage = Stage()
    assert len(set(stage.announcer.filters)) == len(stage.announcer.filters) == 5
    stage.announcer.connected()
    whole = announcement(msgspec.structs.replace(KITCHEN, place="attic"), "device", "homeassistant").whole
    for topic, payload in whole.items():
        stage.announcer.received(Received(topic, payload, retained=True))
    assert stage.after(5) == ["homeassistant/device/edged_place_kitchen/config"]
    stage.announcer.lost()
    assert stage.after(5) == []


def test_log_names_each_place(caplog: pytest.LogCaptureFixture) -> None:
    """One line for each, with the id that its topic has."""
    caplog.set_level(logging.INFO)
    stage = Stage()
    stage.announcer.connected()
    stage.after(5)
    assert [record.getMessage() for record in caplog.records] == [
        f"Home Assistant: discovery of edged_place_{place} published, 1 message" for place in ("attic", "kitchen")
    ]


def test_birth_repeats_the_states_once() -> None:
    """However many places there are; and again at the next birth."""
    stage = Stage()
    stage.announcer.connected()
    stage.after(5)
    for _ in range(2):
        stage.announcer.received(Received("homeassistant/status", b"online", retained=False))
        stage.after(20)
    assert stage.publisher.n_repeated == 2


def test_topics_of_others_are_ignored() -> None:
    """Short ones, unknown places, other prefixes."""
    stage = Stage()
    for topic in (
        "homeassistant",
        "homeassistant/device/edged_place_cellar/config",
        "x/device/edged_place_attic/config",
    ):
        stage.announcer.received(Received(topic, b"{}", retained=True))
    stage.announcer.connected()
    assert len(stage.after(5)) == 2
