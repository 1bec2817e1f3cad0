"""Checks that the keys of ``hub`` fit each other.

Hub ──► nothing, or ConfigError: key, value, what is expected
"""

import re
from collections.abc import Iterator

from edged.config.hub.presets import complete
from edged.config.hub.structs import Action, Hub, Input, Place
from edged.errors import ConfigError, shown

# Frigate and Double Take say who is in the picture: their topics by default, and their fields wherever they are sent.
_IDENTITY_TOPICS = ("frigate/", "double-take/")
_IDENTITY_FIELD = re.compile(r"(.*\.)?(sub_label(\..*)?|(match|matches|misses|unknowns)(\.\d+)?\.name)")
_RESERVED = ("voice", "uncertain", "none")  # sources and moods that have these names already


def check_hub(name: str, hub: Hub) -> None:
    """Check all of ``hub``; ``name`` stands for the file in messages.

    Raises:
        ConfigError: the first key that does not fit the others.
    """
    for fault in _faults(hub):
        raise ConfigError(f"{name}: hub.{fault}")


def _faults(hub: Hub) -> Iterator[str]:
    number, of = (int(part) for part in hub.part.split("/"))
    if number > of:
        yield f"part is {hub.part}, expected a number of at most {of}"
    if len(set(hub.labels)) < len(hub.labels):
        yield f"labels is {shown(hub.labels)}, expected each label once"
    if reserved := sorted(set(hub.labels) & {"uncertain", "none"}):
        yield f"labels has {reserved[0]}, which is a mood without a label"
    for place_name, place in hub.places.items():
        yield from (f"places.{place_name}.{fault}" for fault in _place_faults(place, hub.labels))
    for action_name, action in hub.actions.items():
        yield from (f"actions.{action_name}.{fault}" for fault in _action_faults(action, hub))
    if hub.agent is not None:
        yield from (f"agent.{fault}" for fault in _unknown("places", hub.agent.places, [*hub.places]))
        yield from (f"agent.{fault}" for fault in _unknown("emotions", hub.agent.emotions, hub.labels))


def _place_faults(place: Place, labels: list[str]) -> Iterator[str]:
    if not place.voice and not place.inputs:
        yield "voice is empty, expected nodes there, or inputs"
    yield from _unknown("prior", [*place.prior], labels)
    total = sum(place.prior.values())
    if total > 1 + 1e-6 or (place.prior.keys() >= set(labels) and total < 1 - 1e-6):
        yield f"prior has shares of {total:g} together, expected at most 1"
    names: set[str] = set()
    for number, given in enumerate(place.inputs):
        one = complete(given)
        yield from (f"inputs[{number}].{fault}" for fault in _input_faults(one, labels))
        if one.name in names:
            yield f"inputs[{number}].name is {one.name}, expected another name for each input"
        names.add(one.name)


def _input_faults(one: Input, labels: list[str]) -> Iterator[str]:
    if not one.kind:
        yield "kind is empty, expected text or label, or a preset"
    if not one.topic:
        yield "topic is empty, expected the topic that the payloads come on"
    if one.name in _RESERVED:
        yield f"name is {one.name}, expected another: the hub itself uses it"
    if one.kind == "text" and (one.label or one.scores):
        yield "kind is text, expected label beside the keys label and scores"
    if one.kind == "label" and one.text:
        yield "kind is label, expected text beside the key text"
    for key in ("text", "label", "scores", "time"):
        if any(not part for part in getattr(one, key).split(".")) and getattr(one, key):
            yield f"{key} is {getattr(one, key)!r}, expected keys with single dots between"
    yield from _identity_faults(one)
    known = {*labels, ""}
    for theirs, ours in one.map.items():
        if ours not in known and theirs not in labels:
            yield f"map.{theirs} is {ours}, expected one of {', '.join(labels)}, or ''"


def _identity_faults(one: Input) -> Iterator[str]:
    """Inputs that would read an identity, as a label or as a filter."""
    if one.topic.startswith(_IDENTITY_TOPICS):
        yield f"topic is {shown(one.topic)}, expected another: that program says who is there, not how they feel"
    for key in ("text", "label", "scores"):
        if _IDENTITY_FIELD.fullmatch(getattr(one, key)):
            yield f"{key} is {getattr(one, key)}, expected another field: that one says who somebody is"
    for path in one.where:
        if _IDENTITY_FIELD.fullmatch(path):
            yield f"where.{path} says who somebody is, expected another field"


def _action_faults(action: Action, hub: Hub) -> Iterator[str]:
    if bool(action.topic) == bool(action.url):
        yield "topic is " + ("set beside url, expected one" if action.url else "empty, expected it, or url")
    if action.topic.startswith("$"):
        yield f"topic is {shown(action.topic)}, expected one that does not start with $"
    if action.word and (action.payload or action.arguments):
        yield "word is set, expected it to be empty beside payload and arguments"
    if both := sorted(action.payload.keys() & action.arguments.keys()):
        yield f"arguments.{both[0]} is in payload too, expected each name once"
    if action.url and action.method == "GET" and (action.word or action.payload or action.arguments):
        yield "method is GET, expected POST or PUT beside a payload"
    if action.token_file and not action.url:
        yield "token_file is set, expected it to be empty beside topic"
    yield from _unknown("places", action.places, [*hub.places])


def _unknown(key: str, names: list[str], known: list[str]) -> Iterator[str]:
    if unknown := sorted(set(names) - set(known)):
        yield f"{key} names {unknown[0]}, expected some of {', '.join(known) or 'no name'}"
