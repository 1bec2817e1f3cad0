"""Payloads of the hub match their JSON Schemas; AsyncAPI has their addresses."""

import json
from typing import Any

import jsonschema
import msgspec
import pytest

from edged.contract import mood
from edged.contract.asyncapi import Broker, asyncapi
from edged.contract.fields import VERSION
from edged.contract.payloads import encoded
from edged.contract.reference import PAYLOADS, json_schemas
from edged.contract.topics import HUB_TOPICS, MOOD, place_topic
from tests.parts.broker.payloads import TIME

_ID = "01a21922-7a0c-7759-b319-b00d0630aad9"
_SOURCES = {
    "voice": mood.SourceShare(label="angry", age_s=0, weight=1),
    "text": mood.SourceShare(label="sad", age_s=2, weight=0.2),
}
_EXAMPLES: dict[str, msgspec.Struct] = {
    "place/<place>/mood": mood.Mood(
        time=TIME,
        hub="hub-1a2b3c4d",
        place="kitchen",
        emotion="angry",
        confidence=0.8,
        scores={"angry": 0.8, "sad": 0.2},
        sources=_SOURCES,
        agreement=0.8,
        since=TIME,
        method="pool",
        sentence="angry for 40 s, voice says so, text says sad",
    ),
    "place/<place>/event/mood": mood.MoodEvent(
        id=_ID, event_type="none", previous="angry", time=TIME, place="kitchen", since=TIME, sentence="no mood"
    ),
    "place/<place>/agent": mood.AgentDecision(
        id=_ID,
        mood_id=_ID,
        time=TIME,
        place="kitchen",
        emotion="angry",
        outcome="done",
        action="dim",
        arguments={"level": "low"},
        message="published on home/kitchen/light/set",
        left_today=49,
    ),
    "<hub>/hub": mood.HubHealth(
        time=TIME,
        uptime_s=60,
        places=1,
        topics=4,
        moods=1,
        events=2,
        inputs=mood.HubInputs(accepted=7),
        reconnects=0,
        unacknowledged=0,
        resident_mb=40.5,
        cpu_share=0.01,
        versions={"edged": "0.1.0"},
    ),
}


@pytest.mark.parametrize("topic", HUB_TOPICS, ids=lambda topic: str(topic.name))
def test_example_matches_its_schema(topic: Any) -> None:  # noqa: ANN401 -- a Topic
    """A payload is one line of JSON that passes its schema and decodes to the same payload."""
    schemas = json.loads(msgspec.json.encode(json_schemas()))
    line = encoded(_EXAMPLES[topic.name])
    jsonschema.Draft202012Validator({"$defs": schemas["$defs"], **schemas["topics"][topic.name]}).validate(
        json.loads(line)
    )
    assert b"\n" not in line
    assert json.loads(line)["v"] == VERSION
    assert msgspec.json.decode(line, type=PAYLOADS[topic.name]) == _EXAMPLES[topic.name]


def test_no_field_for_words() -> None:
    """No payload of the hub has a field that words could be in but those that edged itself writes."""
    texts = {"time", "place", "since", "sentence", "id", "mood_id", "event_type", "previous", "emotion", "message"}
    fields = {name for kind in mood.PAYLOADS.values() for name in kind.__struct_fields__}
    assert fields & {"text", "words", "transcript", "utterance"} == set()
    assert texts <= fields


def test_place_topic_is_a_full_name() -> None:
    """The publisher takes a topic outside its node with a slash before it."""
    assert place_topic("kitchen", MOOD, "home/edged").name == "/home/edged/place/kitchen/mood"


def test_asyncapi_has_the_addresses() -> None:
    """Places and hubs are parameters of their own."""
    document = asyncapi(Broker(host="h", port=1, root="edged", secure=False, version="5", keepalive_s=60))
    channels = document["channels"]
    assert channels["place_mood"]["address"] == "edged/place/{place}/mood"
    assert channels["place_event_mood"]["address"] == "edged/place/{place}/event/mood"
    assert channels["place_agent"]["address"] == "edged/place/{place}/agent"
    assert channels["hub"]["address"] == "edged/{hub}/hub"
    assert [*channels["place_mood"]["parameters"]] == ["place"]
    assert document["operations"]["send_place_mood"]["bindings"]["mqtt"]["retain"] is True
