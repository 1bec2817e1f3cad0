"""Every template of the entities, rendered on real payloads as Home Assistant renders it."""

import contextlib
import json
from typing import Any

import msgspec
import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from edged.contract.call import CallState
from edged.contract.device import Info, Result
from edged.contract.health import Health, OutboxMetrics
from edged.contract.payloads import EmotionState, EpisodeStart, Level, encoded
from edged.homeassistant.entities import entities
from tests.parts.broker.payloads import EVENT_ID, TIME, emotion_state, episode_start, health, info
from tests.parts.kitchen import KITCHEN, LABELS

BELOW = "edged/kitchen/"

OUTBOX = OutboxMetrics(depth=3, oldest_s=1, dropped=0, on_disk=True)
LEVEL = Level(time=TIME, level_dbfs=-41.5, peak_dbfs=-20, clipping=False)
CALIBRATED = Result(time=TIME, command="calibrate", ok=True, message="detected 6.0 s of speech")
INFO = msgspec.structs.replace(info(), thresholds=dict.fromkeys(LABELS, 0.5) | {"angry": 0.65})

# Rendered results of each template for every kind of payload on its topic.
RENDERED: list[tuple[str, str, str | EmotionState | EpisodeStart | Health | Info | Level | Result, str]] = [
    ("sensor_emotion", "value_template", emotion_state("angry", 0.84, {"angry": 0.84}), "angry"),
    ("sensor_emotion", "value_template", emotion_state("uncertain"), "uncertain"),
    ("sensor_emotion", "value_template", emotion_state("none", None), "none"),
    ("sensor_confidence", "value_template", emotion_state("angry", 0.8449, {"angry": 0.8449}), "84.5"),
    ("sensor_confidence", "value_template", emotion_state("none", None), "0"),
    ("binary_sensor_microphone", "value_template", "online", "OFF"),
    ("binary_sensor_microphone", "value_template", "stalled", "ON"),
    ("binary_sensor_microphone", "value_template", "muted", "ON"),
    ("binary_sensor_microphone", "value_template", "offline", "ON"),
    ("sensor_level", "value_template", LEVEL, "-41.5"),
    ("sensor_latency", "value_template", health(), ""),
    ("sensor_latency", "value_template", msgspec.structs.replace(health(), outbox=OUTBOX), ""),
    (
        "sensor_latency",
        "value_template",
        msgspec.structs.replace(health(), outbox=msgspec.structs.replace(OUTBOX, latency_p95_s=0.0)),
        "0.0",
    ),
    (
        "sensor_latency",
        "value_template",
        msgspec.structs.replace(health(), outbox=msgspec.structs.replace(OUTBOX, latency_p95_s=0.25)),
        "0.25",
    ),
    ("sensor_skipped_windows", "value_template", msgspec.structs.replace(health(), windows_skipped=7), "7"),
    ("sensor_outbox_depth", "value_template", health(), "0"),
    ("sensor_outbox_depth", "value_template", msgspec.structs.replace(health(), outbox=OUTBOX), "3"),
    ("sensor_calibration", "value_template", CALIBRATED, "detected 6.0 s of speech"),
    ("sensor_calibration", "value_template", msgspec.structs.replace(CALIBRATED, message="x" * 500), "x" * 255),
    ("switch_listening", "value_template", INFO, "listening"),
    ("switch_listening", "value_template", msgspec.structs.replace(INFO, listening=False), "mute"),
    ("number_threshold_angry", "value_template", INFO, "0.65"),
    ("number_threshold_sad", "value_template", INFO, "0.5"),
]


def rendered(template: str, payload: str) -> str:
    """Render like Home Assistant: the text as ``value`` and its JSON as ``value_json``, in a sandbox."""
    values: dict[str, Any] = {"value": payload}
    with contextlib.suppress(ValueError):
        values["value_json"] = json.loads(payload)
    return ImmutableSandboxedEnvironment().from_string(template).render(values).strip()


def text(payload: str | msgspec.Struct) -> str:
    """A payload as published."""
    return payload if isinstance(payload, str) else encoded(payload).decode()


def templates() -> list[tuple[str, str, str]]:
    """Every value template: the entity's key, its topic below the node, the template."""
    built = []
    for key, entity in entities(KITCHEN).items():
        if "value_template" in entity:
            built.append((key, entity["state_topic"].removeprefix(BELOW), entity["value_template"]))
    return built


@pytest.mark.parametrize(("key", "name", "payload", "expected"), RENDERED)
def test_template_renders(
    key: str, name: str, payload: str | EmotionState | EpisodeStart | Health | Info | Level | Result, expected: str
) -> None:
    """Sensors show the published values."""
    assert rendered(entities(KITCHEN)[key][name], text(payload)) == expected


def test_every_template_is_rendered_above() -> None:
    """Every template has an example above, except those of other labels and of the event."""
    shown = {key for key, *_ in RENDERED} | {f"number_threshold_{label}" for label in LABELS}
    assert {key for key, _, _ in templates()} - shown == {"event_emotion"}


@pytest.mark.parametrize(("key", "topic", "template"), templates())
def test_template_never_yields_none(key: str, topic: str, template: str) -> None:
    """Null values render as text, so no entity becomes unknown."""
    payloads: dict[str, list[str | msgspec.Struct]] = {
        "emotion": [emotion_state("none", None)],
        "event/start": [episode_start("angry")],
        "capture": ["online", "offline", "stalled", "muted"],
        "level": [LEVEL],
        "health": [health(), msgspec.structs.replace(health(), outbox=OUTBOX)],
        "info": [INFO],
        "cmd/calibrate/result": [CALIBRATED],
    }
    for payload in payloads[topic]:
        assert rendered(template, text(payload)) not in {"None", "null"}, key


def test_event_is_the_payload_itself() -> None:
    """Home Assistant extracts ``event_type`` and shows the rest as attributes."""
    payload = text(episode_start("angry"))
    assert rendered(entities(KITCHEN)["event_emotion"]["value_template"], payload) == payload
    assert json.loads(payload)["event_type"] in entities(KITCHEN)["event_emotion"]["event_types"]


def test_event_that_comes_late_is_passed_over() -> None:
    """A late event must not switch a light: its template is empty, which Home Assistant ignores."""
    late = msgspec.structs.replace(episode_start("angry"), replayed=True)
    assert rendered(entities(KITCHEN)["event_emotion"]["value_template"], text(late)) == ""


def test_attributes_of_the_emotion() -> None:
    """Attributes have the start time, and the sides of arousal and valence."""
    state = msgspec.structs.replace(emotion_state("angry"), probability=0.71, arousal="high", valence="negative")
    template = entities(KITCHEN)["sensor_emotion"]["json_attributes_template"]
    known = {"since": TIME, "arousal": "high", "valence": "negative"}
    assert json.loads(rendered(template, text(state))) == {**known, "probability": 0.71}
    of_before = json.loads(text(state))
    del of_before["probability"]  # retained by a device of version 0.1.0
    assert json.loads(rendered(template, json.dumps(of_before))) == {**known, "probability": None}


@pytest.mark.parametrize(
    ("state", "available"), [("online", "online"), ("offline", "offline"), ("stalled", "offline"), ("muted", "offline")]
)
def test_availability_by_capture(state: str, available: str) -> None:
    """Entities that depend on sound are available only while the microphone delivers some."""
    _, capture = entities(KITCHEN)["sensor_emotion"]["availability"]
    assert capture["topic"] == "edged/kitchen/capture"
    assert rendered(capture["value_template"], state) == available


def test_microphone_problem_is_none_while_muted_on_purpose() -> None:
    """Switched off on purpose is no problem: the sensor stays as it is."""
    node, listening = entities(KITCHEN)["binary_sensor_microphone"]["availability"]
    assert node == {"topic": "edged/kitchen/availability"}
    assert rendered(listening["value_template"], text(INFO)) == "online"
    assert rendered(listening["value_template"], text(msgspec.structs.replace(INFO, listening=False))) == "offline"


def test_commands_that_are_sent() -> None:
    """The switch inverts the mute command, a number names its label, a button sends PRESS."""
    switch, number = entities(KITCHEN)["switch_listening"], entities(KITCHEN)["number_threshold_angry"]
    assert (switch["command_topic"], switch["payload_on"], switch["payload_off"]) == (
        "edged/kitchen/cmd/mute",
        "OFF",
        "ON",
    )
    assert number["command_topic"] == "edged/kitchen/cmd/threshold"
    assert json.loads(rendered(number["command_template"], "0.6")) == {"label": "angry", "enter": 0.6}


def test_call_score_where_calls_are_scored() -> None:
    """With `calls.live` there is one more sensor: the score, and before it nothing that would change its state."""
    (added,) = entities(msgspec.structs.replace(KITCHEN, calls=True)).keys() - entities(KITCHEN).keys()
    assert added == "sensor_call_score"
    sensor = entities(msgspec.structs.replace(KITCHEN, calls=True))[added]
    assert sensor["state_topic"] == f"{BELOW}call"
    early = CallState(time=TIME, active=True, call_id=EVENT_ID, duration_s=9, speech_s=8, distress=0.5, reason="8 s")
    scored = msgspec.structs.replace(early, score=7.25, trend="falling", reason=None)
    assert [rendered(sensor["value_template"], text(one)) for one in (early, scored)] == ["", "7.25"]
    attributes = json.loads(rendered(sensor["json_attributes_template"], text(scored)))
    assert attributes == {"active": True, "trend": "falling", "distress": 0.5, "reason": None}
