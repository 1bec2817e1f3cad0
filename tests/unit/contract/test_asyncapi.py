"""The AsyncAPI document: valid, complete, and derived from the same source as the published messages.

``asyncapi/`` has the JSON Schema of AsyncAPI 3.0.0 from the npm package @asyncapi/specs 6.11.1, gzipped, with
its licence (Apache-2.0) and notice.
"""

import copy
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from edged.contract.asyncapi import Broker, asyncapi
from edged.contract.commands import FORMS
from edged.contract.topics import RESULT, TOPICS
from tests.parts.system.program import edged

DOCUMENT = asyncapi(Broker(host="localhost", port=1883, root="edged", secure=False, version="3.1.1", keepalive_s=60))


@pytest.fixture(scope="module")
def official() -> jsonschema.Draft7Validator:
    """Validator for AsyncAPI 3.0.0."""
    file = Path(__file__).parent / "asyncapi" / "3.0.0.json.gz"
    return jsonschema.Draft7Validator(json.loads(gzip.decompress(file.read_bytes())))


def references(node: Any) -> Iterator[str]:  # noqa: ANN401 -- JSON
    """Every ``$ref``."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_document_is_asyncapi(official: jsonschema.Draft7Validator) -> None:
    """AsyncAPI's own JSON Schema accepts it."""
    assert [error.message for error in official.iter_errors(DOCUMENT)] == []


def test_faulty_document_is_refused(official: jsonschema.Draft7Validator) -> None:
    """The schema refuses an invalid QoS, an operation without channel, another version."""
    for path, value in (
        (("operations", "send_emotion", "bindings", "mqtt", "qos"), 7),
        (("operations", "send_emotion", "channel"), {}),
        (("asyncapi",), "2.6.0"),
    ):
        faulty: Any = copy.deepcopy(DOCUMENT)
        inner = faulty
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        assert not official.is_valid(faulty), path


def test_every_reference_leads_somewhere() -> None:
    """No reference is broken."""
    used = set(references(DOCUMENT))
    assert "#/components/schemas/EmotionState" in used
    for reference in used:
        node = DOCUMENT
        for key in reference.removeprefix("#/").split("/"):
            node = node[key]


def test_every_topic_and_command_is_in_it() -> None:
    """Addresses, QoS and retain flags match topics.py; each command has its result as the reply."""
    addresses = {channel["address"]: name for name, channel in DOCUMENT["channels"].items()}
    for topic in TOPICS:
        if topic is RESULT:
            continue
        operation = DOCUMENT["operations"][f"send_{addresses[f'edged/{{node}}/{topic.name}']}"]
        bound = operation["bindings"]["mqtt"]
        assert (operation["action"], bound["qos"], bound["retain"]) == ("send", topic.qos, topic.retained)
    for name in FORMS:
        operation = DOCUMENT["operations"][f"receive_cmd_{name}"]
        assert operation["action"] == "receive"
        reply = operation["reply"]["channel"]["$ref"].rpartition("/")[2]
        assert DOCUMENT["channels"][reply]["address"] == f"edged/{{node}}/cmd/{name}/result"


def test_broker_and_root_are_the_configs(tmp_path: Path) -> None:
    """`edged schema --asyncapi` uses the config's broker and root topic."""
    config = tmp_path / "config.yaml"
    config.write_text("mqtt: {host: broker.lan, port: 1884, root: home/moods}\n")
    document = json.loads(edged("schema", "--asyncapi", "--config", config).stdout)
    assert document["servers"]["broker"]["host"] == "broker.lan:1884"
    assert document["channels"]["emotion"]["address"] == "home/moods/{node}/emotion"
    assert document["servers"]["broker"]["bindings"]["mqtt"]["lastWill"]["topic"] == "home/moods/{node}/availability"
