"""MQTT client that commands the node "lab" and records everything it publishes, like a home automation system.

give(name, payload) ──► cmd/<name> ──► the device ──► cmd/<name>/result ──► the Result, checked against its schema
"""

import json
import threading
from collections import defaultdict
from typing import Any, Self

import jsonschema
import msgspec
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from edged.contract.device import Result
from edged.contract.payloads import json_schemas
from tests.parts.broker.mosquitto import wait_until

BELOW = "edged/lab/"
_RESULT = "cmd/<name>/result"


class Commander:
    """Use with ``with``; ``received`` has the payloads by topic below the node, newest last."""

    def __init__(self, port: int) -> None:
        self.received: dict[str, list[bytes]] = defaultdict(list)
        self.n_retained_results = 0
        self._in_force = threading.Event()
        schemas = json_schemas()
        self._validator = jsonschema.Draft202012Validator({"$defs": schemas["$defs"], **schemas["topics"][_RESULT]})
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe(f"{BELOW}#", qos=1)
        self._client.on_subscribe = lambda *_: self._in_force.set()
        self._client.on_message = self._note
        self._client.connect("127.0.0.1", port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        assert self._in_force.wait(60)
        return self

    def __exit__(self, *_fault: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, name: str, payload: bytes | str = b"", *, retain: bool = False) -> None:
        """Publish a command without waiting for the result."""
        self._client.publish(f"{BELOW}cmd/{name}", payload, qos=1, retain=retain).wait_for_publish(60)

    def results(self, name: str) -> list[bytes]:
        """All results of ``name`` so far."""
        return self.received[f"cmd/{name}/result"]

    def give(self, name: str, payload: bytes | str = b"") -> Result:
        """Publish a command and return its result, checked against the schema."""
        n_before = len(self.results(name))
        self.send(name, payload)
        wait_until(lambda: len(self.results(name)) > n_before, f"an answer to {name}")
        return self.checked(self.results(name)[n_before])

    def checked(self, result: bytes) -> Result:
        """Decode a result into its struct."""
        self._validator.validate(json.loads(result))
        return msgspec.json.decode(result, type=Result)

    def newest(self, topic: str) -> Any:  # noqa: ANN401 -- whatever JSON holds
        """The newest payload of ``topic``, decoded from JSON."""
        return json.loads(self.received[topic][-1])

    def _note(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        topic = message.topic.removeprefix(BELOW)
        self.n_retained_results += message.retain and topic.endswith("/result")
        self.received[topic].append(bytes(message.payload))
