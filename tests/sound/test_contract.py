"""Contract: every message of a real daemon on a real broker, commands and results included, fits the AsyncAPI document.

    edged run, everything on ──MQTT 5──► mosquitto ──► each message against `edged schema --asyncapi`

The subscriber asks for QoS 2 and retain as published, so both arrive as the daemon sent them.
"""

import json
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from edged.contract.commands import FORMS
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, mosquitto_program, wait_until
from tests.parts.broker.raw_subscriber import raw_subscriber
from tests.parts.broker.wire import PUBLISH, Sent
from tests.parts.faults.contents import misfits
from tests.parts.sound.pulse import VirtualMicrophone, expect_pulseaudio
from tests.parts.system.priority import give_priority
from tests.parts.system.program import edged

BELOW = "edged/lab/"
OPTIONS = SubscribeOptions(qos=2, retainAsPublished=True)
COMMANDS = {  # in order; their effects are tested elsewhere
    "threshold": '{"label": "angry", "enter": 0.6, "id": "1"}',
    "calibrate": "",
    "baseline": "frozen",
    "log_level": "DEBUG",
    "reload": "",
    "restart": "PRESS",  # refused in the first minute
    "identify": "{}",
    "snapshot": "",
    "mute": "ON",
}
CONFIG = """
node: lab
audio: {{device: pulse}}
mqtt: {{host: 127.0.0.1, port: {port}, protocol: v5, window: true}}
state_dir: {state}
health_s: 5
"""


@dataclass
class Recorded:
    """All messages that a subscriber received, in order."""

    messages: list[MQTTMessage]

    def has(self, topic: str, payload: bytes | None = None) -> bool:
        """Whether such a message arrived."""
        return any(one.topic == BELOW + topic and payload in {None, one.payload} for one in list(self.messages))


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as users get it."""
    parsed: dict[str, Any] = json.loads(edged("schema", "--asyncapi").stdout)
    return parsed


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, speech: Path) -> Recorded:
    """A daemon from start to end: speech, every command, an unknown command, a mute."""
    expect_pulseaudio()
    folder = tmp_path_factory.mktemp("contract")
    with Mosquitto(folder, mosquitto_program()) as broker:
        broker.start()
        config = folder / "config.yaml"
        config.write_text(CONFIG.format(port=broker.port, state=folder / "state"))
        with (
            raw_subscriber(broker.port, "edged/#", MQTTProtocolVersion.MQTTv5, OPTIONS) as (client, messages),
            VirtualMicrophone() as microphone,
            (folder / "log").open("w") as log,
        ):
            recorded = Recorded(messages)
            command: list[str | Path] = [sys.executable, "-m", "edged", "run", "--config", config]
            daemon = subprocess.Popen(command, env=microphone.environment, stderr=log)
            give_priority(daemon.pid)
            try:
                wait_until(lambda: recorded.has("capture", b"online"), "sound")
                microphone.play(speech)
                wait_until(lambda: recorded.has("event/start") and recorded.has("level"), "an episode, a level")
                for name, payload in [*COMMANDS.items(), ("dance", "now")]:
                    client.publish(f"{BELOW}cmd/{name}", payload, qos=1)
                wait_until(lambda: recorded.has("cmd/unknown/result"), "the last answer")
                wait_until(lambda: recorded.has("capture", b"muted") and recorded.has("event/end"), "the mute")
                daemon.send_signal(signal.SIGTERM)
                assert daemon.wait(WITHIN_S) == 0, (folder / "log").read_text()
                wait_until(lambda: recorded.has("availability", b"offline"), "offline")
            finally:
                daemon.kill()
                daemon.wait(WITHIN_S)
    return recorded


def channel_name(topic: str, document: dict[str, Any]) -> str:
    """Name of a topic's channel; fails if there is none."""
    mismatches = [
        name
        for name, channel in document["channels"].items()
        if re.fullmatch(channel["address"].replace("{node}", "[a-zA-Z0-9_-]+"), topic)
    ]
    assert len(mismatches) == 1, f"{topic} has the channels {mismatches}"
    return str(mismatches[0])


def faults(message: MQTTMessage, document: dict[str, Any]) -> list[str]:
    """Mismatches between a message and the document: payload, QoS, retain flag."""
    channel = channel_name(message.topic, document)
    mismatches = []
    shapes = [document["components"]["messages"][name] for name in document["channels"][channel]["messages"]]
    if not any(accepted(bytes(message.payload), shape, document) for shape in shapes):
        mismatches.append(f"{channel}: {message.payload[:300]!r}")
    operations = [one for one in document["operations"].values() if one["channel"]["$ref"] == f"#/channels/{channel}"]
    # Only a reply makes a result part of an operation.
    bound = operations[0]["bindings"]["mqtt"] if operations else {"qos": 1, "retain": False}
    if (message.qos, message.retain) != (bound["qos"], bound["retain"]):
        mismatches.append(f"{channel}: QoS {message.qos}, retained {message.retain}")
    return mismatches


def accepted(payload: bytes, shape: dict[str, Any], document: dict[str, Any]) -> bool:
    """Whether a payload fits one message of the document; words in either case."""
    if shape["contentType"] == "text/plain":
        return payload.decode().upper() in map(str.upper, shape["payload"]["enum"])
    try:
        content = json.loads(payload)
    except ValueError:
        return False
    return jsonschema.Draft202012Validator({**document, **shape["payload"]}).is_valid(content)


def test_every_message_fits_its_document(recorded: Recorded, document: dict[str, Any]) -> None:
    """Payload, QoS and retain flag of each message fit the document, and no field is missing from the schemas."""
    daemon_messages = [one for one in recorded.messages if one.topic != f"{BELOW}cmd/dance"]
    assert [fault for message in daemon_messages for fault in faults(message, document)] == []
    published = [one for one in daemon_messages if "/cmd/" not in one.topic]
    assert (
        misfits([Sent(PUBLISH, one.topic, bytes(one.payload), b"", one.qos, retained=one.retain) for one in published])
        == []
    )


def test_every_channel_is_used(recorded: Recorded, document: dict[str, Any]) -> None:
    """The daemon uses every channel but the hub's, and those of calls.live, which tests/broker/calls uses."""
    channels = {channel_name(one.topic, document) for one in recorded.messages if one.topic != f"{BELOW}cmd/dance"}
    assert channels == {
        name
        for name in document["channels"]
        if name not in {"hub", "call", "event_call"} and not name.startswith("place_")
    }
    assert set(COMMANDS) == set(FORMS)


def test_every_message_says_what_it_is(recorded: Recorded, document: dict[str, Any]) -> None:
    """With MQTT 5, messages have the documented content type and schema version, and events expire."""
    for one in recorded.messages:
        if "/cmd/" in one.topic and not one.topic.endswith("/result"):
            continue  # sent by the test
        channel = document["channels"][channel_name(one.topic, document)]
        types = {document["components"]["messages"][name]["contentType"] for name in channel["messages"]}
        assert one.properties is not None
        assert {one.properties.ContentType} == types  # type: ignore[attr-defined]
        assert ("schema", "1") in one.properties.UserProperty  # type: ignore[attr-defined]
        assert hasattr(one.properties, "MessageExpiryInterval") == ("/event/" in one.topic), one.topic


@pytest.mark.parametrize(
    ("topic", "payload", "flags"),
    [
        ("emotion", b'{"v": 1}', (1, True)),
        ("emotion", b"not JSON", (1, True)),
        ("capture", b"asleep", (1, True)),
        ("capture", b"online", (0, True)),
        ("capture", b"online", (1, False)),
        ("cmd/mute", b"MAYBE", (1, False)),
    ],
)
def test_message_that_does_not_fit_is_seen(
    topic: str, payload: bytes, flags: tuple[int, bool], document: dict[str, Any]
) -> None:
    """A missing field, an unknown word, another QoS and a wrong flag are each reported."""
    message = MQTTMessage(topic=(BELOW + topic).encode())
    message.payload, (message.qos, message.retain) = payload, flags
    assert len(faults(message, document)) == 1


def test_topic_without_a_channel_is_seen(document: dict[str, Any]) -> None:
    """A topic outside the document has no channel."""
    with pytest.raises(AssertionError, match="edged/lab/sound has the channels"):
        channel_name("edged/lab/sound", document)
