"""Published payloads match their JSON Schemas, and times are RFC 3339."""

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import msgspec
import pytest
from msgspec.structs import replace

from edged.contract import payloads
from edged.contract.call import CallEnd, CallState
from edged.contract.device import Identity, Result
from edged.contract.fields import VERSION, rfc3339
from edged.contract.health import OutboxMetrics
from edged.contract.topics import TOPICS
from tests.parts.broker.payloads import EVENT_ID, TIME, emotion_state, episode_end, episode_start, health, info

_SCORES = {"angry": 0.75, "sad": 0.25}
_EXAMPLES: dict[str, msgspec.Struct] = {
    "emotion": emotion_state("angry", 0.75, _SCORES),
    "event/start": replace(episode_start("angry"), seq=7, previous="sad"),
    "event/end": replace(episode_end("angry"), replayed=True),
    "event/call": CallEnd(
        id=EVENT_ID,
        call_id=EVENT_ID,
        event_type="calmed",
        time=TIME,
        start_s=3.0,
        duration_s=120.5,
        speech_s=60.0,
        score=7.5,
        low=6.5,
        high=8.0,
        opening=0.75,
        later=0.25,
    ),
    "call": CallState(
        time=TIME, active=True, call_id=EVENT_ID, duration_s=20.5, speech_s=12.0, distress=0.5, reason="12 s of speech"
    ),
    "window": payloads.WindowScores(
        time=TIME, start_s=0, duration_s=2.992, speech=False, level_dbfs=-80.5, discontinuous=True
    ),
    "level": payloads.Level(time=TIME, level_dbfs=-40.5, peak_dbfs=-20.0, clipping=False),
    "info": info(),
    "cmd/<name>/result": Result(
        time=TIME,
        command="identify",
        ok=True,
        message="this is attic on pi",
        id="7",
        device=Identity(
            node="attic",
            device_id="0123456789abcdef",
            host="pi",
            addresses=["192.0.2.7"],
            microphone="USB",
            hardware=None,
            uptime_s=60,
        ),
    ),
    "clip": payloads.ClipScores(file="a.wav", label="sad", confidence=0.5, scores=_SCORES, duration_s=2.0, windows=1),
    "health": replace(
        health(),
        temperature_c=None,
        throttling=None,
        outbox=OutboxMetrics(depth=0, oldest_s=0, dropped=0, on_disk=True, latency_p50_s=0.01, latency_p95_s=0.02),
    ),
}


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    """Output of ``edged schema``, parsed from JSON."""
    decoded: dict[str, Any] = json.loads(msgspec.json.encode(payloads.json_schemas()))
    return decoded


def validator(schemas: dict[str, Any], topic: str) -> jsonschema.Draft202012Validator:
    """Validator for payloads of ``topic``."""
    return jsonschema.Draft202012Validator({"$defs": schemas["$defs"], **schemas["topics"][topic]})


def test_json_schemas_valid(schemas: dict[str, Any]) -> None:
    """Every schema is valid by the 2020-12 metaschema."""
    for schema in ({"$defs": schemas["$defs"]}, *schemas["topics"].values()):  # a topic's schema holds no other
        jsonschema.Draft202012Validator.check_schema(schema)


def test_json_schemas_every_topic(schemas: dict[str, Any]) -> None:
    """Every topic has a schema; schemas of plain words list them."""
    assert {topic.name for topic in TOPICS} <= schemas["topics"].keys()
    assert schemas["topics"]["capture"]["enum"] == ["online", "offline", "stalled", "muted"]
    assert schemas["topics"].keys() == {*payloads.WORDS, *_EXAMPLES}


@pytest.mark.parametrize("topic", _EXAMPLES)
def test_encoded_example_valid(schemas: dict[str, Any], topic: str) -> None:
    """A payload is one line of JSON that passes its schema and decodes to the same payload."""
    line = payloads.encoded(_EXAMPLES[topic])
    assert b"\n" not in line
    validator(schemas, topic).validate(json.loads(line))
    assert msgspec.json.decode(line, type=payloads.PAYLOADS[topic]) == _EXAMPLES[topic]


@pytest.mark.parametrize("topic", _EXAMPLES)
def test_encoded_has_version(topic: str) -> None:
    """Every payload has the version of its schema."""
    assert json.loads(payloads.encoded(_EXAMPLES[topic]))["v"] == VERSION


@pytest.mark.parametrize(("topic", "tag"), [("event/start", "start"), ("event/end", "end"), ("window", "window")])
def test_encoded_lines_tell_their_type(topic: str, tag: str) -> None:
    """A line of ``replay --jsonl`` has its type."""
    assert json.loads(payloads.encoded(_EXAMPLES[topic]))["type"] == tag


@pytest.mark.parametrize(
    ("topic", "change"),
    [
        ("event/start", {"confidence": 1.1}),
        ("event/start", {"scores": {"angry": -0.1}}),
        ("event/start", {"episode_id": "1"}),
        ("event/end", {"duration_s": -1}),
        ("event/end", {"reason": "other"}),
        ("event/end", {"time": "2026-01-02 03:04:05"}),
        ("emotion", {"speech": "yes"}),
        ("emotion", {"emotion": None}),
    ],
)
def test_json_schemas_refuse_wrong_value(schemas: dict[str, Any], topic: str, change: dict[str, Any]) -> None:
    """The schema refuses a wrong value."""
    payload = {**json.loads(payloads.encoded(_EXAMPLES[topic])), **change}
    assert not validator(schemas, topic).is_valid(payload)


@pytest.mark.parametrize(
    ("utc_s", "expected"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_767_323_045.678, "2026-01-02T03:04:05.678Z"),
        (1_767_323_045.6784, "2026-01-02T03:04:05.678Z"),
        (1_767_323_045.6786, "2026-01-02T03:04:05.679Z"),
        (1_767_323_045.9996, "2026-01-02T03:04:06.000Z"),
        (1_767_225_599.9996, "2026-01-01T00:00:00.000Z"),
        (4_102_444_800.001, "2100-01-01T00:00:00.001Z"),
    ],
)
def test_rfc3339_rounds_to_milliseconds(utc_s: float, expected: str) -> None:
    """Times round to the nearest millisecond, carried into second and year."""
    assert rfc3339(utc_s) == expected


def test_rfc3339_every_millisecond() -> None:
    """Ten thousand milliseconds each read back unchanged."""
    for millisecond in range(10_000):
        read = datetime.fromisoformat(rfc3339(1_700_000_000 + millisecond / 1000))
        assert read - datetime.fromtimestamp(1_700_000_000, UTC) == (
            datetime.fromtimestamp(millisecond / 1000, UTC) - datetime.fromtimestamp(0, UTC)
        )
