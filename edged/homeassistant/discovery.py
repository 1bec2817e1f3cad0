"""Entities to the retained messages that tell Home Assistant of them, and which of these are still to be published.

    Device ──entities──► kind "device":    <prefix>/device/<id>/config              one message
                         kind "component": <prefix>/<platform>/<id>/<key>/config    one for each entity
    wanted, held by the broker ──next_messages──► what to publish now

All pure: from the same device comes the same text, byte for byte, so that it can be compared with what a broker holds.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from edged.homeassistant.entities import Device, entities

Kind = Literal["device", "component"]
Messages = Mapping[str, bytes]  # payload by topic, all retained

MIGRATE = b'{"migrate_discovery":true}'  # unloads entities and keeps what the user made of them


class Announcement(NamedTuple):
    """The messages for a device, and the same in parts for a broker that does not take a large message."""

    whole: Messages
    parts: Messages


def announcement(device: Device, kind: Kind, prefix: str) -> Announcement:
    """The messages of discovery ``kind`` for ``device``, and those for each entity."""
    parts = messages(device, "component", prefix)
    return Announcement(parts if kind == "component" else messages(device, "device", prefix), parts)


def messages(device: Device, kind: Kind, prefix: str) -> Messages:
    """Everything to be retained for ``device``."""
    found = entities(device)
    origin = {"name": "edged", "sw": device.version}
    if kind == "device":
        # The abbreviations that the platform's own documents use at this level; "p" is the one for platform.
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
    """Topic filters for all that was ever retained for this device, of either kind."""
    return f"{prefix}/device/{identifier}/config", f"{prefix}/+/{identifier}/+/config"


def is_ours(topic: str, identifier: str, prefix: str) -> bool:
    """Whether ``topic`` matches one of ``filters``: what comes over the same connection may be anyone's."""
    match topic.removeprefix(f"{prefix}/").split("/"):
        case ["device", named, "config"] | [_, named, _, "config"]:
            return topic.startswith(f"{prefix}/") and named == identifier
    return False


def next_messages(wanted: Messages, held: Messages) -> tuple[Messages, bool]:
    """What is to be published next where the broker holds ``held``, and whether to look again some seconds later.

    What is unchanged is not published again.  An entity that is no longer wanted is removed.  From one kind of
    discovery to the other it takes three turns, each after Home Assistant is done with the one before, or the entities
    would lose the names and rooms that their user gave them: migrate, publish the new, empty the old.
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


def _device(device: Device) -> dict[str, Any]:
    area = {"sa": device.suggested_area} if device.suggested_area else {}
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
    """``payload`` with an entry that removes each component of ``before`` that it does not have.

    Home Assistant keeps a component that is merely left out; an entry of a platform alone removes it.
    """
    components, gone = _components(payload), _components(before)
    removals = {key: {"p": platform} for key, platform in gone.items() if key not in components}
    if not removals:
        return payload
    whole = msgspec.json.decode(payload)
    whole["cmps"] |= removals
    return msgspec.json.encode(whole)


def _components(payload: bytes) -> dict[str, str]:
    """Platform by component of one message for a whole device; none of what is no such message."""
    try:
        whole = msgspec.json.decode(payload, type=_Whole)
    except (msgspec.DecodeError, UnicodeDecodeError):  # of a broker, where anyone may have put anything
        return {}
    return {key: component.p for key, component in whole.cmps.items()}


class _Component(msgspec.Struct):
    p: Literal["event", "sensor", "binary_sensor", "switch", "number", "button"]  # any other would spoil the message


class _Whole(msgspec.Struct):
    cmps: dict[str, _Component]


def _is_device(topic: str) -> bool:
    return topic.split("/")[-3] == "device"
