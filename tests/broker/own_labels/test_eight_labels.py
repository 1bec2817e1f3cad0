"""Bundles of one model and eight labels, with dimensions, through replay to a broker, and to Home Assistant."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edged.contract.fields import DIMENSIONS
from tests.parts.broker.mosquitto import Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.raw_subscriber import raw_subscriber
from tests.parts.models.trunk_bundles import EIGHT, eight_label_bundle, image_bundle
from tests.parts.system.program import edged

__all__ = ["idle_mosquitto", "mosquitto"]

_CONFIG = """\
node: lab
models: {{bundle: {bundle}}}
mqtt: {{host: 127.0.0.1, port: {port}, window: true}}
tracker: {{enter: 0.2, leave: 0.1, margin: 0.0, min_duration_s: 1, smoothing: majority, span_s: 2}}
baseline: {{mode: "off"}}
"""


_BUNDLES: dict[str, Callable[[Path], object]] = {"a trunk and 1 model": eight_label_bundle, "1 model": image_bundle}


@pytest.fixture(params=_BUNDLES)
def consists_of(request: pytest.FixtureRequest) -> str:
    """What is in the bundle, as `edged check` says it."""
    return str(request.param)


@pytest.fixture
def config(tmp_path: Path, mosquitto: Mosquitto, consists_of: str) -> Path:
    """A config with nothing about labels in it."""
    _BUNDLES[consists_of](tmp_path / "bundle")
    file = tmp_path / "config.yaml"
    file.write_text(_CONFIG.format(bundle=tmp_path / "bundle", port=mosquitto.port), encoding="utf-8")
    return file


def published(speech: Path, config: Path, mosquitto: Mosquitto) -> dict[str, list[dict[str, Any]]]:
    """Everything that a replay of ``speech`` publishes in JSON, by topic."""
    with raw_subscriber(mosquitto.port, "edged/lab-replay/#") as (_, messages):
        done = edged("replay", speech, "--config", config)
        assert done.returncode == 0, done.stderr
        wait_until(lambda: messages and messages[-1].topic.endswith("/availability"), "offline")
    found: dict[str, list[dict[str, Any]]] = {}
    for message in messages:
        if message.payload.startswith(b"{"):
            topic = message.topic.removeprefix("edged/lab-replay/")
            found.setdefault(topic, []).append(json.loads(message.payload))
    return found


def test_replay_publishes_eight_labels(speech: Path, config: Path, mosquitto: Mosquitto) -> None:
    """Windows, events, state and info have the bundle's labels, whatever they are, and its dimensions."""
    found = published(speech, config, mosquitto)
    assert found["info"][-1]["labels"] == list(EIGHT)
    assert tuple(found["info"][-1]["thresholds"]) == EIGHT
    spoken = [window for window in found["window"] if window["speech"]]
    assert spoken
    for window in spoken:
        assert tuple(window["scores"]) == EIGHT
        assert sum(window["scores"].values()) == pytest.approx(1, abs=1e-3)
        assert window["asked"] == ["m1"]
        assert all(0 <= window[name] <= 1 for name in DIMENSIONS)
    for window in found["window"]:
        assert window["speech"] or not set(DIMENSIONS) & window.keys()
    assert found["event/start"]
    assert len(found["event/start"]) == len(found["event/end"])
    for event in (*found["event/start"], *found["event/end"]):
        assert event["event_type"] in EIGHT
        assert tuple(event["scores"]) == EIGHT
        assert all(0 <= event[name] <= 1 for name in DIMENSIONS)
    assert {state["emotion"] for state in found["emotion"]} <= {*EIGHT, "uncertain", "none"}
    assert all("gender" not in json.dumps(payloads) for payloads in found.values())


def test_classify_prints_dimensions(speech: Path, config: Path) -> None:
    """The means over the windows with speech."""
    done = edged("classify", "--jsonl", "--config", config, speech)
    assert done.returncode == 0, done.stderr
    clip = json.loads(done.stdout)
    assert tuple(clip["scores"]) == EIGHT
    assert all(0 <= clip[name] <= 1 for name in DIMENSIONS)


def test_check_names_the_labels(config: Path, consists_of: str) -> None:
    """One model, with a trunk or without, and the labels as the bundle has them."""
    done = edged("check", "--config", config)
    assert f"OK tiny 1, {consists_of} labels OK" in " ".join(done.stdout.split()), done.stdout
    assert ", ".join(EIGHT) in " ".join(done.stdout.split())


def test_home_assistant_discovers_eight_labels(config: Path) -> None:
    """The sensor's options, the event's types and a threshold for each label are the bundle's."""
    (announced,) = _printed(edged("discovery", "--config", config)).values()
    components = announced["cmps"]
    assert components["sensor_emotion"]["options"] == [*EIGHT, "uncertain", "none"]
    assert components["event_emotion"]["event_types"] == list(EIGHT)
    thresholds = [key for key in components if key.startswith("number_")]
    assert all(any(label in key for key in thresholds) for label in EIGHT)


def _printed(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    lines = (line.partition(" ") for line in done.stdout.splitlines())
    return {topic: json.loads(payload) for topic, _, payload in lines}
