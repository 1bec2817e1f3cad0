"""Discovery messages of both kinds, and what is published if the broker already has some."""

import json
from collections.abc import Mapping

import msgspec
import pytest

from edged.homeassistant.discovery import MIGRATE, filters, messages, next_messages
from edged.homeassistant.entities import entities
from edged.homeassistant.entity import Device

KITCHEN = Device(
    node="kitchen",
    device_id="0123456789abcdef",
    labels=("angry", "sad"),
    version="0.1.0",
    suggested_area="Kitchen",
)
ID = "edged_0123456789abcdef_kitchen"
TOPIC = f"homeassistant/device/{ID}/config"
ANGRY = f"homeassistant/number/{ID}/number_threshold_angry/config"

WHOLE = messages(KITCHEN, "device", "homeassistant")
SINGLE = messages(KITCHEN, "component", "homeassistant")


def turns(target: Mapping[str, bytes], held: Mapping[str, bytes]) -> list[dict[str, bytes]]:
    """Published messages, turn by turn, each applied to the broker."""
    held, published = dict(held), []
    again = True
    while again:
        due, again = next_messages(target, held)
        published.append(dict(due))
        held |= due
        assert len(published) < 5, "it never comes to rest"
    return published


def test_device_is_one_message() -> None:
    """One message has the device, the origin, and each entity by platform."""
    (topic,) = WHOLE
    assert topic == TOPIC
    assert json.loads(WHOLE[topic]) == {
        "dev": {
            "ids": [ID],
            "name": "kitchen",
            "mf": "edged",
            "mdl": "Speech-emotion sensor",
            "sw": "0.1.0",
            "sn": "0123456789abcdef",
            "sa": "Kitchen",
        },
        "o": {"name": "edged", "sw": "0.1.0"},
        "cmps": {key: {"p": entity.pop("platform"), **entity} for key, entity in entities(KITCHEN).items()},
    }


def test_components_are_one_message_each() -> None:
    """Each message repeats the device, by which Home Assistant joins them."""
    assert len(SINGLE) == len(entities(KITCHEN))
    whole = json.loads(WHOLE[TOPIC])
    number = entities(KITCHEN)["number_threshold_angry"]
    del number["platform"]
    assert json.loads(SINGLE[ANGRY]) == {**number, "dev": whole["dev"], "o": whole["o"]}


def test_no_area_is_suggested_unless_one_is_given() -> None:
    """An empty area would be a room without a name."""
    (payload,) = messages(msgspec.structs.replace(KITCHEN, suggested_area=""), "device", "x").values()
    assert "sa" not in json.loads(payload)["dev"]


@pytest.mark.parametrize("kind", ["device", "component"])
def test_filters_match_what_is_published(kind: str) -> None:
    """The two filters match all retained messages of a device, and none of another."""
    published = messages(KITCHEN, "device" if kind == "device" else "component", "homeassistant")
    one, many = filters(ID, "homeassistant")
    for topic in published:
        parts, target = topic.split("/"), (one if kind == "device" else many).split("/")
        assert len(parts) == len(target)
        assert all(there in {part, "+"} for part, there in zip(parts, target, strict=True))


@pytest.mark.parametrize("target", [WHOLE, SINGLE])
def test_missing_is_published(target: Mapping[str, bytes]) -> None:
    """An empty broker gets everything in one turn."""
    assert turns(target, {}) == [dict(target)]


@pytest.mark.parametrize("target", [WHOLE, SINGLE])
def test_unchanged_is_not_published_again(target: Mapping[str, bytes]) -> None:
    """Unchanged messages are not published."""
    assert turns(target, target) == [{}]


def test_changed_component_alone_is_published() -> None:
    """Of single messages only the changed one is published."""
    assert turns(SINGLE, {**SINGLE, ANGRY: b"{}"}) == [{ANGRY: SINGLE[ANGRY]}]


def test_component_that_went_is_removed() -> None:
    """A component that the new bundle lacks is removed by an entry with only its platform, then nothing follows."""
    other = messages(msgspec.structs.replace(KITCHEN, labels=("angry",)), "device", "homeassistant")
    ((turn),) = turns(other, WHOLE)
    assert json.loads(turn[TOPIC])["cmps"] == {
        **json.loads(other[TOPIC])["cmps"],
        "number_threshold_sad": {"p": "number"},
    }
    assert turns(other, turn) == [{}]


def test_component_that_came_back_is_whole_again() -> None:
    """With the old bundle back, no removal entry is left."""
    other = messages(msgspec.structs.replace(KITCHEN, labels=("angry",)), "device", "homeassistant")
    (removal,) = turns(other, WHOLE)
    assert turns(WHOLE, removal) == [dict(WHOLE)]


def test_single_component_that_went_is_emptied() -> None:
    """Without commands the number entity is removed."""
    deaf = messages(msgspec.structs.replace(KITCHEN, commands="off"), "component", "homeassistant")
    (turn,) = turns(deaf, SINGLE)
    assert turn == dict.fromkeys(SINGLE.keys() - deaf.keys(), b"")
    assert ANGRY in turn


@pytest.mark.parametrize(("target", "held"), [(WHOLE, SINGLE), (SINGLE, WHOLE)])
def test_change_of_kind_migrates(target: Mapping[str, bytes], held: Mapping[str, bytes]) -> None:
    """Migration takes three turns, so that entities keep their user's changes."""
    assert turns(target, held) == [dict.fromkeys(held, MIGRATE), dict(target), dict.fromkeys(held, b"")]


def test_change_of_kind_that_was_interrupted_goes_on() -> None:
    """A daemon that ended after the first or second turn completes the migration."""
    migrating = dict.fromkeys(SINGLE, MIGRATE)
    assert turns(WHOLE, migrating) == [dict(WHOLE), dict.fromkeys(SINGLE, b"")]
    assert turns(WHOLE, {**migrating, **WHOLE}) == [dict.fromkeys(SINGLE, b"")]


@pytest.mark.parametrize(
    "held", [b"no JSON", b"\xff", b"{}", b'{"cmps":[]}', b'{"cmps":{"x":{"p":"a/b"}}}', b'{"x":' + b"[" * 5000]
)
def test_what_others_wrote_there_is_replaced(held: bytes) -> None:
    """Foreign content is overwritten and never used."""
    assert turns(WHOLE, {TOPIC: held}) == [dict(WHOLE)]
