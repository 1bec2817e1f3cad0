"""The contract on a real broker: every message of a real daemon, commands and their results too, fits its document.

    edged run, everything on ──MQTT 5──► mosquitto ──► each message against `edged schema --asyncapi`

The subscriber asks with QoS 2 and for the retained flag as it was sent, so that both arrive as the daemon gave them.
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
from tests.parts.system.program import edged

BELOW = "edged/lab/"
OPTIONS = SubscribeOptions(qos=2, retainAsPublished=True)
GIVEN = {  # in order; what the device does with them is tested elsewhere
    "threshold": '{"label": "angry", "enter": 0.6, "id": "1"}',
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
class Heard:
    """What a subscriber of everything has heard, in order."""

    messages: list[MQTTMessage]

    def has(self, topic: str, payload: bytes | None = None) -> bool:
        """Whether such a message came."""
        return any(one.topic == BELOW + topic and payload in {None, one.payload} for one in list(self.messages))


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as a user gets it."""
    parsed: dict[str, Any] = json.loads(edged("schema", "--asyncapi").stdout)
    return parsed


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory, speech: Path) -> Heard:
    """A daemon from its start to its end: speech, every command, one that is none, a mute."""
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
            heard = Heard(messages)
            command: list[str | Path] = [sys.executable, "-m", "edged", "run", "--config", config]
            daemon = subprocess.Popen(command, env=microphone.environment, stderr=log)
            try:
                wait_until(lambda: heard.has("capture", b"online"), "sound", 60)
                microphone.play(speech)
                wait_until(lambda: heard.has("event/start") and heard.has("level"), "an episode, a level", 40)
                for name, payload in [*GIVEN.items(), ("dance", "now")]:
                    client.publish(f"{BELOW}cmd/{name}", payload, qos=1)
                wait_until(lambda: heard.has("cmd/unknown/result"), "the last answer")
                wait_until(lambda: heard.has("capture", b"muted") and heard.has("event/end"), "the mute")
                daemon.send_signal(signal.SIGTERM)
                assert daemon.wait(WITHIN_S) == 0, (folder / "log").read_text()
                wait_until(lambda: messages[-1].payload == b"offline", "offline")
            finally:
                daemon.kill()
                daemon.wait(WITHIN_S)
    return heard


def channel_of(topic: str, document: dict[str, Any]) -> str:
    """The name of a topic's channel; one that has none is a fault."""
    found = [
        name
        for name, channel in document["channels"].items()
        if re.fullmatch(channel["address"].replace("{node}", "[a-zA-Z0-9_-]+"), topic)
    ]
    assert len(found) == 1, f"{topic} has the channels {found}"
    return str(found[0])


def faults(message: MQTTMessage, document: dict[str, Any]) -> list[str]:
    """What is wrong with a message by the document: its payload, its QoS, whether it is retained."""
    channel = channel_of(message.topic, document)
    found = []
    shapes = [document["components"]["messages"][name] for name in document["channels"][channel]["messages"]]
    if not any(accepted(bytes(message.payload), shape, document) for shape in shapes):
        found.append(f"{channel}: {message.payload[:300]!r}")
    operations = [one for one in document["operations"].values() if one["channel"]["$ref"] == f"#/channels/{channel}"]
    # A result has an operation of its own only as a reply.
    bound = operations[0]["bindings"]["mqtt"] if operations else {"qos": 1, "retain": False}
    if (message.qos, message.retain) != (bound["qos"], bound["retain"]):
        found.append(f"{channel}: QoS {message.qos}, retained {message.retain}")
    return found


def accepted(payload: bytes, shape: dict[str, Any], document: dict[str, Any]) -> bool:
    """Whether a payload fits one message of the document; words in either case."""
    if shape["contentType"] == "text/plain":
        return payload.decode().upper() in map(str.upper, shape["payload"]["enum"])
    try:
        content = json.loads(payload)
    except ValueError:
        return False
    return jsonschema.Draft202012Validator({**document, **shape["payload"]}).is_valid(content)


def test_every_message_fits_its_document(heard: Heard, document: dict[str, Any]) -> None:
    """Payload, QoS and retained flag of each, the commands' too; and it has no field that no schema knows."""
    own = [one for one in heard.messages if one.topic != f"{BELOW}cmd/dance"]
    assert [fault for message in own for fault in faults(message, document)] == []
    told = [one for one in own if "/cmd/" not in one.topic]
    assert (
        misfits([Sent(PUBLISH, one.topic, bytes(one.payload), b"", one.qos, retained=one.retain) for one in told]) == []
    )


def test_every_channel_was_heard(heard: Heard, document: dict[str, Any]) -> None:
    """Nothing in the document is only on paper."""
    channels = {channel_of(one.topic, document) for one in heard.messages if one.topic != f"{BELOW}cmd/dance"}
    assert channels == set(document["channels"])
    assert set(GIVEN) == set(FORMS)


def test_every_message_says_what_it_is(heard: Heard, document: dict[str, Any]) -> None:
    """With MQTT 5 the content type is the document's, the schema's version is there, and events expire."""
    for one in heard.messages:
        if "/cmd/" in one.topic and not one.topic.endswith("/result"):
            continue  # ours
        channel = document["channels"][channel_of(one.topic, document)]
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
    """A field that is missing, a word that is none, another QoS, a flag too many: each is a fault."""
    message = MQTTMessage(topic=(BELOW + topic).encode())
    message.payload, (message.qos, message.retain) = payload, flags
    assert len(faults(message, document)) == 1


def test_topic_without_a_channel_is_seen(document: dict[str, Any]) -> None:
    """A topic that the document does not have is no channel."""
    with pytest.raises(AssertionError, match="edged/lab/sound has the channels"):
        channel_of("edged/lab/sound", document)
