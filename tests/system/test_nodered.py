"""The Node-RED flow of docs/integrations in a real Node-RED: an episode sets the lamp, a late or weak one does not.

lamp_follows_emotion.json ──the test's broker──► node-red, headless ──event/start──► zigbee2mqtt/lamp_<node>/set
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edged.contract.payloads import EpisodeStart, encoded
from tests.parts.broker.mosquitto import Mosquitto, free_port, idle_mosquitto, mosquitto, wait_until  # noqa: F401 -- fixtures
from tests.parts.broker.payloads import episode_start
from tests.parts.broker.raw_subscriber import raw_subscriber

pytestmark = pytest.mark.nodered

NODE_RED = Path(__file__).parents[2] / ".venv" / "node-red" / "node_modules" / "node-red" / "red.js"
FLOW = Path(__file__).parents[2] / "docs" / "integrations" / "node-red" / "lamp_follows_emotion.json"
START_S = 120.0


@pytest.fixture
def flow(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[None]:  # noqa: F811
    """Node-RED with the flow and the test's broker."""
    program = Path(os.environ.get("NODE_RED") or NODE_RED)
    assert program.exists(), f"{program} is missing: make test-nodered"
    nodes: list[dict[str, Any]] = json.loads(FLOW.read_text(encoding="utf-8"))
    for node in nodes:
        if node["type"] == "mqtt-broker":
            node |= {"broker": "127.0.0.1", "port": str(mosquitto.port)}
    (tmp_path / "flows.json").write_text(json.dumps(nodes))
    command = ["node", str(program), "--userDir", str(tmp_path), "--port", str(free_port()), "flows.json"]
    with (tmp_path / "node-red.log").open("w") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path)
    try:
        yield
    finally:
        running.terminate()
        running.wait(60)


@pytest.mark.usefixtures("flow")
def test_episode_sets_the_lamp_of_its_room(mosquitto: Mosquitto) -> None:  # noqa: F811
    """A new and probable episode sets the lamp; a late, weak or unknown one does not."""
    with raw_subscriber(mosquitto.port, "zigbee2mqtt/#") as (client, messages):

        def publish(room: str, event: EpisodeStart) -> None:
            client.publish(f"edged/{room}/event/start", encoded(event), qos=1).wait_for_publish(60)

        def lamps() -> set[str]:
            return {message.topic for message in messages}

        def answered() -> bool:  # publishes repeatedly: Node-RED takes a while to subscribe
            publish("kitchen", episode_start("angry"))
            return "zigbee2mqtt/lamp_kitchen/set" in lamps()

        wait_until(answered, "the kitchen's lamp", START_S)
        publish("late", msgspec.structs.replace(episode_start("angry"), replayed=True))
        publish("weak", msgspec.structs.replace(episode_start("angry"), probability=0.4))
        publish("odd", episode_start("bored"))
        publish("attic", episode_start("sad"))
        wait_until(lambda: "zigbee2mqtt/lamp_attic/set" in lamps(), "the attic's lamp")  # last: order is kept
    assert {message.topic: json.loads(message.payload) for message in messages} == {
        "zigbee2mqtt/lamp_kitchen/set": {"color": {"hex": "#ff2200"}, "transition": 3},
        "zigbee2mqtt/lamp_attic/set": {"color": {"hex": "#2266ff"}, "transition": 3},
    }
