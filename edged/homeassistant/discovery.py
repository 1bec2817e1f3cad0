"""Entities to retained discovery messages for Home Assistant, and which of them are still to be published.

    Device ──entities──► kind "device":    <prefix>/device/<id>/config              one message
                         kind "component": <prefix>/<platform>/<id>/<key>/config    one for each entity
    wanted, held by the broker ──next_messages──► what to publish now

All functions are pure.  The same device always gives the same bytes, so they can be compared with what a broker holds.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from edged.decoding import MALFORMED
from edged.homeassistant.entities import entities
from edged.homeassistant.entity import Device, Entity
from edged.homeassistant.place_entities import PlaceDevice, place_entities

Kind = Literal["device", "component"]
Messages = Mapping[str, bytes]  # payload by topic, all retained

MIGRATE = b'{"migrate_discovery":true}'  # unloads entities and keeps their user's settings


class Announcement(NamedTuple):
    """The messages for a device, and the same in parts for a broker that does not take a large message."""

    whole: Messages
    parts: Messages


def announcement(device: Device | PlaceDevice, kind: Kind, prefix: str) -> Announcement:
    """The messages of discovery ``kind`` for ``device``, and those for each entity."""
    parts = messages(device, "component", prefix)
    return Announcement(parts if kind == "component" else messages(device, "device", prefix), parts)


def messages(device: Device | PlaceDevice, kind: Kind, prefix: str) -> Messages:
    """Everything to be retained for ``device``."""
    found: dict[str, Entity] = place_entities(device) if isinstance(device, PlaceDevice) else entities(device)
    origin = {"name": "edged", "sw": device.version}
    if kind == "device":
        # Abbreviations as in Home Assistant's documentation; "p" is platform.
        components = {key: {"p": entity.pop("platform"), **entity} for key, entity in found.items()}
        whole = {"dev": _device(device), "o": origin, "cmps": components}
        return {f"{prefix}/device/{device.identifier}/config": msgspec.json.encode(whole)}
    return {
        f"{prefix}/{entity.pop('platform')}/{device.identifier}/{key}/config": msgspec.json.encode(
            {**entity, "dev": _device(device), "o": origin}
        )
        for key, entity in found.items()
    }


def filters(identifier: str, prefix: str) -> tuple[str, str]:
    """Topic filters for all messages ever retained for this device, of either kind."""
    return f"{prefix}/device/{identifier}/config", f"{prefix}/+/{identifier}/+/config"


def is_ours(topic: str, identifier: str, prefix: str) -> bool:
    """Whether ``topic`` matches one of ``filters``; other messages share the connection."""
    match topic.removeprefix(f"{prefix}/").split("/"):
        case ["device", named, "config"] | [_, named, _, "config"]:
            return topic.startswith(f"{prefix}/") and named == identifier
    return False


def next_messages(wanted: Messages, held: Messages) -> tuple[Messages, bool]:
    """The messages to publish next if the broker holds ``held``, and whether to call again some seconds later.

    Unchanged messages are not published again, and entities that are no longer wanted are removed.  A change between
    the kinds of discovery takes three steps: migrate, publish the new, empty the old.  Home Assistant must finish one
    before the next, or the entities lose the names and areas that their user gave them.
    """
    held = {topic: payload for topic, payload in held.items() if payload}
    wanted = {topic: _with_removals(payload, held.get(topic, b"")) for topic, payload in wanted.items()}
    stale = [topic for topic in held if topic not in wanted]
    other_kind = [topic for topic in stale if {_is_device(topic)} != {_is_device(topic) for topic in wanted}]
    if unmoved := {topic: MIGRATE for topic in other_kind if held[topic] != MIGRATE}:
        return unmoved, True
    fresh = {topic: payload for topic, payload in wanted.items() if held.get(topic) != payload}
    if fresh and other_kind:
        return fresh, True
    return {**fresh, **dict.fromkeys(stale, b"")}, False


def _device(device: Device | PlaceDevice) -> dict[str, Any]:
    area = {"sa": device.suggested_area} if device.suggested_area else {}
    if isinstance(device, PlaceDevice):
        return {
            "ids": [device.identifier],
            "name": device.place,
            "mf": "edged",
            "mdl": "Mood of a place",
            "sw": device.version,
            **area,
        }
    return {
        "ids": [device.identifier],
        "name": device.node,
        "mf": "edged",
        "mdl": "Speech-emotion sensor",
        "sw": device.version,
        "sn": device.device_id,
        **area,
    }


def _with_removals(payload: bytes, before: bytes) -> bytes:
    """``payload`` with a removal entry for each component that only ``before`` has.

    Home Assistant keeps a component that is missing; an entry with a platform alone removes it.
    """
    components, gone = _components(payload), _components(before)
    removals = {key: {"p": platform} for key, platform in gone.items() if key not in components}
    if not removals:
        return payload
    whole = msgspec.json.decode(payload)
    whole["cmps"] |= removals
    return msgspec.json.encode(whole)


def _components(payload: bytes) -> dict[str, str]:
    """Platform by component of a device message; empty for any other message."""
    try:
        whole = msgspec.json.decode(payload, type=_Whole)
    except MALFORMED:  # anyone may publish there
        return {}
    return {key: component.p for key, component in whole.cmps.items()}


class _Component(msgspec.Struct):
    # Any other platform would invalidate the whole message.
    p: Literal["event", "sensor", "binary_sensor", "switch", "number", "button"]


class _Whole(msgspec.Struct):
    cmps: dict[str, _Component]


def _is_device(topic: str) -> bool:
    return topic.split("/")[-3] == "device"
