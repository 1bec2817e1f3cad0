"""The contract as an AsyncAPI 3.0 document, for tools that draw, check or generate clients.

    topics, payloads, commands ──► servers, channels, operations, messages, schemas

Each published topic is a send operation; each command is a receive operation with its result as the reply.  QoS, retain
and the will are in the MQTT bindings, version 0.2.0.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from edged.contract import payloads
from edged.contract.commands import FORMS, MAX_BYTES, UNKNOWN, Form
from edged.contract.fields import VERSION
from edged.contract.reference import PAYLOADS, described, structs
from edged.contract.topics import AVAILABILITY, COMMAND, HUB_TOPICS, OFFLINE, RESULT, TOPICS, Topic, result_of

_BINDING = "0.2.0"
_BRACES = str.maketrans("<>", "{}")
_CHARACTERS = "letters, digits, `_` and `-`"
_PARAMETERS = {
    "node": f"the device: {_CHARACTERS}",
    "place": f"the place, as `hub.places` names it: {_CHARACTERS}",
    "hub": f"the hub, as `hub.name` says: {_CHARACTERS}",
}
_JSON, _TEXT = "application/json", "text/plain"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """The broker that the devices publish to."""

    host: str
    port: int
    root: str
    secure: bool  # TLS
    version: str  # of MQTT: "3.1.1" or "5"
    keepalive_s: int


def asyncapi(broker: Broker) -> Document:
    """The AsyncAPI document for the devices at one broker."""
    published = [*(topic for topic in TOPICS if topic is not RESULT), *HUB_TOPICS]
    results = [result_of(name) for name in (*FORMS, UNKNOWN)]
    asked = {
        name: Topic(COMMAND.name.replace("<name>", name), COMMAND.qos, COMMAND.kind, _about(name)) for name in FORMS
    }
    channels = {_key(topic): _channel(broker.root, topic, [_message(topic)]) for topic in (*published, *results)}
    operations = {f"send_{_key(topic)}": _sent(topic) for topic in (*published, results[-1])}
    messages = {_message(topic): _published(topic) for topic in (*published, RESULT)}
    for name, topic in asked.items():
        forms = _commands(name, FORMS[name])
        channels[_key(topic)] = _channel(broker.root, topic, list(forms))
        operations[f"receive_{_key(topic)}"] = _received(topic, list(forms), result_of(name))
        messages |= forms
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "edged",
            "version": f"{VERSION}.0.0",
            "description": "A speech-emotion sensor; a major version never changes or removes a field.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": _JSON,
        "servers": {"broker": _server(broker)},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": _schemas()},
    }


def _server(broker: Broker) -> Document:
    return {
        "host": f"{broker.host}:{broker.port}",
        "protocol": "secure-mqtt" if broker.secure else "mqtt",
        "protocolVersion": broker.version,
        "bindings": {
            "mqtt": {
                "lastWill": {
                    "topic": f"{broker.root}/{{node}}/{AVAILABILITY.name}",
                    "qos": AVAILABILITY.qos,
                    "message": OFFLINE,
                    "retain": AVAILABILITY.retained,
                },
                "keepAlive": broker.keepalive_s,
                "bindingVersion": _BINDING,
            }
        },
    }


def _channel(root: str, topic: Topic, messages: list[str]) -> Document:
    name = topic.name if topic in HUB_TOPICS else f"<node>/{topic.name}"
    return {
        "address": f"{root}/{name.translate(_BRACES)}",
        "description": topic.about,
        "parameters": {one: {"description": about} for one, about in _PARAMETERS.items() if f"<{one}>" in name},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _sent(topic: Topic) -> Document:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{_key(topic)}"},
        "messages": [{"$ref": f"#/channels/{_key(topic)}/messages/{_message(topic)}"}],
        "bindings": _bindings(topic),
    }


def _received(topic: Topic, messages: list[str], result: Topic) -> Document:
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{_key(topic)}"},
        "messages": [{"$ref": f"#/channels/{_key(topic)}/messages/{name}"} for name in messages],
        "bindings": _bindings(topic),
        "reply": {
            "channel": {"$ref": f"#/channels/{_key(result)}"},
            "messages": [{"$ref": f"#/channels/{_key(result)}/messages/{_message(result)}"}],
        },
    }


def _bindings(topic: Topic) -> Document:
    return {"mqtt": {"qos": topic.qos, "retain": topic.retained, "bindingVersion": _BINDING}}


def _published(topic: Topic) -> Document:
    if words := payloads.WORDS.get(topic.name):
        return _word(topic.about, list(words))
    name = PAYLOADS[topic.name].__name__
    return _object(topic.about, {"$ref": f"#/components/schemas/{name}"})


def _commands(name: str, form: Form) -> dict[str, Document]:
    """Messages of a command: the object, and the bare words for it, in upper or lower case."""
    found = {f"command_{name}": _object(_about(name), {"$ref": f"#/components/schemas/{form.kind.__name__}"})}
    if form.words:
        found[f"command_{name}_word"] = _word(_about(name), list(form.words))
    return found


def _object(summary: str, payload: Document) -> Document:
    return {"summary": summary, "contentType": _JSON, "payload": payload, "bindings": _format()}


def _word(summary: str, words: list[str]) -> Document:
    return {
        "summary": summary,
        "contentType": _TEXT,
        "payload": {"type": "string", "enum": words},
        "bindings": _format(),
    }


def _format() -> Document:
    return {"mqtt": {"payloadFormatIndicator": 1, "bindingVersion": _BINDING}}


def _about(command: str) -> str:
    kind = FORMS[command].kind
    text = (kind.__doc__ or "") if kind is not FORMS["restart"].kind else "Has no argument but an id."
    return f"{command}: {text} At most {MAX_BYTES} bytes."


def _schemas() -> Document:
    kinds = structs([*PAYLOADS.values(), *(form.kind for form in FORMS.values())])
    _, components = msgspec.json.schema_components(kinds.values(), ref_template="#/components/schemas/{name}")
    return described(components, kinds)


def _message(topic: Topic) -> str:
    return "result" if topic.name.endswith("/result") else _key(topic)


def _key(topic: Topic) -> str:
    return topic.name.replace("<hub>/", "").replace("<place>/", "").replace("/", "_")
