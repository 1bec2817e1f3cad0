"""The messages of both kinds, and what is published where the broker holds some of them already."""

import json
from collections.abc import Mapping

import msgspec
import pytest

from edged.homeassistant.discovery import MIGRATE, filters, messages, next_messages
from edged.homeassistant.entities import Device, entities

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


def turns(wanted: Mapping[str, bytes], held: Mapping[str, bytes]) -> list[dict[str, bytes]]:
    """What is published, turn by turn, each of which reaches the broker."""
    held, found = dict(held), []
    again = True
    while again:
        due, again = next_messages(wanted, held)
        found.append(dict(due))
        held |= due
        assert len(found) < 5, "it never comes to rest"
    return found


def test_device_is_one_message() -> None:
    """The whole of it: the device, where it comes from, and each entity by its platform."""
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
    """Each repeats the device, which is how Home Assistant joins them."""
    assert len(SINGLE) == len(entities(KITCHEN))
    whole = json.loads(WHOLE[TOPIC])
    number = entities(KITCHEN)["number_threshold_angry"]
    del number["platform"]
    assert json.loads(SINGLE[ANGRY]) == {**number, "dev": whole["dev"], "o": whole["o"]}


def test_no_area_is_suggested_unless_one_is_given() -> None:
    """An empty one would be a room without a name."""
    (payload,) = messages(msgspec.structs.replace(KITCHEN, suggested_area=""), "device", "x").values()
    assert "sa" not in json.loads(payload)["dev"]


@pytest.mark.parametrize("kind", ["device", "component"])
def test_filters_match_what_is_published(kind: str) -> None:
    """All that is retained for a device is found again by its two filters, and nothing of another's."""
    published = messages(KITCHEN, "device" if kind == "device" else "component", "homeassistant")
    one, many = filters(ID, "homeassistant")
    for topic in published:
        parts, wanted = topic.split("/"), (one if kind == "device" else many).split("/")
        assert len(parts) == len(wanted)
        assert all(there in {part, "+"} for part, there in zip(parts, wanted, strict=True))


@pytest.mark.parametrize("wanted", [WHOLE, SINGLE])
def test_forgotten_is_published(wanted: Mapping[str, bytes]) -> None:
    """Where the broker holds nothing, all of it in one turn."""
    assert turns(wanted, {}) == [dict(wanted)]


@pytest.mark.parametrize("wanted", [WHOLE, SINGLE])
def test_unchanged_is_not_published_again(wanted: Mapping[str, bytes]) -> None:
    """Home Assistant is left in peace."""
    assert turns(wanted, wanted) == [{}]


def test_changed_component_alone_is_published() -> None:
    """Of single messages only the one that differs."""
    assert turns(SINGLE, {**SINGLE, ANGRY: b"{}"}) == [{ANGRY: SINGLE[ANGRY]}]


def test_component_that_went_is_removed() -> None:
    """Another bundle without a label: the entry of its platform alone removes it, and then there is rest."""
    other = messages(msgspec.structs.replace(KITCHEN, labels=("angry",)), "device", "homeassistant")
    ((turn),) = turns(other, WHOLE)
    assert json.loads(turn[TOPIC])["cmps"] == {
        **json.loads(other[TOPIC])["cmps"],
        "number_threshold_sad": {"p": "number"},
    }
    assert turns(other, turn) == [{}]


def test_component_that_came_back_is_whole_again() -> None:
    """The bundle of before returns: no removal is left of it."""
    other = messages(msgspec.structs.replace(KITCHEN, labels=("angry",)), "device", "homeassistant")
    (gone,) = turns(other, WHOLE)
    assert turns(WHOLE, gone) == [dict(WHOLE)]


def test_single_component_that_went_is_emptied() -> None:
    """Without commands there is no number any more."""
    deaf = messages(msgspec.structs.replace(KITCHEN, commands="off"), "component", "homeassistant")
    (turn,) = turns(deaf, SINGLE)
    assert turn == dict.fromkeys(SINGLE.keys() - deaf.keys(), b"")
    assert ANGRY in turn


@pytest.mark.parametrize(("wanted", "held"), [(WHOLE, SINGLE), (SINGLE, WHOLE)])
def test_change_of_kind_migrates(wanted: Mapping[str, bytes], held: Mapping[str, bytes]) -> None:
    """In three turns, so that entities keep what their user made of them."""
    assert turns(wanted, held) == [dict.fromkeys(held, MIGRATE), dict(wanted), dict.fromkeys(held, b"")]


def test_change_of_kind_that_was_interrupted_goes_on() -> None:
    """The daemon ended after the first turn, or after the second."""
    migrating = dict.fromkeys(SINGLE, MIGRATE)
    assert turns(WHOLE, migrating) == [dict(WHOLE), dict.fromkeys(SINGLE, b"")]
    assert turns(WHOLE, {**migrating, **WHOLE}) == [dict.fromkeys(SINGLE, b"")]


@pytest.mark.parametrize("held", [b"no JSON", b"\xff", b"{}", b'{"cmps":[]}', b'{"cmps":{"x":{"p":"a/b"}}}'])
def test_what_others_wrote_there_is_replaced(held: bytes) -> None:
    """Anyone may write to a broker: what is not ours is overwritten, and none of it is taken over."""
    assert turns(WHOLE, {TOPIC: held}) == [dict(WHOLE)]
