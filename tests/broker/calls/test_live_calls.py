"""`calls.live`: a call at the device's microphone, scored and published to a real broker."""

import json
import threading
from pathlib import Path

import pytest

from edged.audio.recording import Recording
from edged.calls.live import LiveCalls
from edged.config.structs import Audio, Calls, Config
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from edged.mqtt.publisher import Publisher
from edged.pipeline.daemon import Daemon
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.raw_subscriber import raw_subscriber
from tests.parts.calls.composed import CALMS, call, write

__all__ = ["idle_mosquitto", "mosquitto"]


def test_call_is_scored_and_published(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The running score is on `call`, retained; its end is on `event/call` with outcome and number."""
    config = Config(node="desk", audio=Audio(channel=1), mqtt=mosquitto.mqtt, calls=Calls(live="on"))
    bundle = load_bundle(DEFAULT_BUNDLE)
    file = write(tmp_path / "call.wav", call(CALMS, agent=False))
    with raw_subscriber(mosquitto.port, "edged/desk/#") as (_, messages):
        with Publisher(mosquitto.mqtt, "desk") as publisher:
            assert publisher.wait_connected(WITHIN_S)
            with (
                LiveCalls(publisher, config, bundle.manifest.labels) as calls,
                Recording(file, audio=config.audio) as one,
            ):
                Daemon(config, bundle, one, calls).run(threading.Event())
            assert publisher.wait_settled(WITHIN_S)
        wait_until(lambda: messages[-1].payload == b"offline", "the last message")
        received = {
            name: [json.loads(one.payload) for one in messages if one.topic == f"edged/desk/{name}"]
            for name in ("call", "event/call")
        }
    (end,) = received["event/call"]
    assert end["event_type"] == "calmed"
    assert end["score"] > end["low"] > 5.5
    states = received["call"]
    assert len(states) > 3
    assert states[-1]["active"] is False
    assert states[-1]["score"] == pytest.approx(end["score"])
    with raw_subscriber(mosquitto.port, "edged/desk/call") as (_, late):
        wait_until(lambda: late, "the retained call")
        assert json.loads(late[0].payload)["call_id"] == end["call_id"]
