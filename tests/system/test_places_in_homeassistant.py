"""A hub's places in a real Home Assistant, and the blueprint that asks its AI task about a mood.

camera's label ──► mosquitto ──► edged hub ──► mosquitto ──► Home Assistant ──ai_task──► its Ollama integration
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edged.homeassistant.place_entities import PlaceDevice, place_entities
from edged.mqtt.connection import Connection
from tests.parts.broker.mosquitto import Mosquitto, mosquitto_program, wait_until
from tests.parts.system.homeassistant import LONG_S, START_S, HomeAssistant, strictly_checked
from tests.parts.system.ollama_server import OllamaServer, ollama_server
from tests.parts.system.program import REPOSITORY

pytestmark = [pytest.mark.homeassistant, pytest.mark.timeout(START_S + 300)]

BLUEPRINT = Path(__file__).parents[2] / "docs" / "integrations" / "home-assistant" / "ai_acts_on_mood.yaml"
LABELS = ("angry", "disgust", "fear", "happy", "neutral", "sad")
PLACES = """
hub:
  name: hub-1
  places:
    kitchen:
      {area: Kitchen, hold_s: 0.5, window_s: 60, inputs: [{kind: label, topic: cam/kitchen, reliability: 0.9}]}
    hall: {hold_s: 0.5, inputs: [{kind: label, topic: cam/hall, reliability: 0.9}, {kind: text, topic: stt}]}
"""
AUTOMATIONS = """
  - id: model
    alias: model
    use_blueprint:
      path: edged/ai_acts_on_mood.yaml
      input:
        mood: event.kitchen_mood
        ai_task: ai_task.model
        wishes: Calm us down.
        minutes: 0
        first_meaning: dims the lamp
        first_action: [{action: mqtt.publish, data: {topic: acted/first, payload: dimmed}}]
"""


class Rooms:
    """Broker, hub, Home Assistant and model, all running."""

    def __init__(self, folder: Path, model: OllamaServer) -> None:
        self.model = model
        self.broker = Mosquitto(folder, mosquitto_program())
        self.home = HomeAssistant(folder / "home", self.broker.port, AUTOMATIONS, [model.config_entry])
        pasted = folder / "home" / "blueprints" / "automation" / "edged"
        pasted.mkdir(parents=True)
        shutil.copy(BLUEPRINT, pasted)
        self._config, self._log = folder / "hub.yaml", folder / "hub.log"
        self._config.write_text(f"mqtt: {{host: 127.0.0.1, port: {self.broker.port}}}{PLACES}")
        self.hub: subprocess.Popen[bytes] | None = None

    def start_hub(self) -> None:
        """Start it as its service does."""
        with self._log.open("ab") as log:
            self.hub = subprocess.Popen(
                self.command("hub"), cwd=REPOSITORY, env=dict(os.environ), stdout=log, stderr=log
            )

    def command(self, *arguments: str) -> list[str]:
        """A command of edged with the hub's config."""
        return [sys.executable, "-m", "edged", *arguments, "--config", str(self._config)]

    def kill_hub(self) -> None:
        """As in a power cut."""
        if self.hub is not None:
            self.hub.kill()
            self.hub.wait(LONG_S)

    def attributes(self, entity_id: str) -> dict[str, Any]:
        """Of an entity, with those that its state has."""
        found: dict[str, Any] = self.home.states().get(entity_id, {}).get("attributes", {})
        return found


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    """With the entities of both places available."""
    with ollama_server() as model:
        model.answers = ['{"choice": "nothing"}']
        built = Rooms(tmp_path_factory.mktemp("rooms"), model)
        built.broker.start()
        try:
            built.home.start()
            built.start_hub()
            built.home.wait_for("sensor.kitchen_mood", "none")
            built.home.wait_for("sensor.hall_mood", "none")
            built.home.wait_for("ai_task.model", "unknown")
            yield built
        finally:
            built.kill_hub()
            built.home.stop()
            built.broker.kill()


@pytest.fixture
def others(rooms: Rooms) -> Iterator[Connection]:
    """To publish as other programs do."""
    with Connection(rooms.broker.mqtt, "edged-test") as connection:
        assert connection.wait_connected(LONG_S)
        yield connection


def say(others: Connection, topic: str, word: str) -> None:
    """Publish a label."""
    assert others.send(topic, word.encode(), 1, retained=False) is not None


def test_no_key_is_unknown(tmp_path: Path) -> None:
    """Home Assistant's schemas accept the config of each entity."""
    configs = [*place_entities(PlaceDevice(place="kitchen", hub="hub-1", labels=LABELS, version="0")).values()]
    assert strictly_checked(configs, tmp_path) == ""


def test_each_place_is_a_device(rooms: Rooms) -> None:
    """With five entities, its area, and the labels as options."""
    for place in ("kitchen", "hall"):
        expected = {
            entity["default_entity_id"]
            for entity in place_entities(PlaceDevice(place=place, hub="hub-1", labels=LABELS, version="0")).values()
        }
        assert {one for one in rooms.home.states() if one.split(".")[1].startswith(f"{place}_")} == expected
        assert (
            rooms.home.rendered(f"{{{{ device_attr(device_id('sensor.{place}_mood'), 'model') }}}}")
            == "Mood of a place"
        )
    assert rooms.home.rendered("{{ device_id('sensor.kitchen_mood') == device_id('event.kitchen_mood') }}") == "True"
    assert rooms.home.rendered("{{ device_id('sensor.kitchen_mood') == device_id('sensor.hall_mood') }}") == "False"
    assert rooms.home.rendered("{{ area_name('sensor.kitchen_mood') }}") == "Kitchen"
    assert rooms.attributes("sensor.kitchen_mood")["options"] == [*LABELS, "uncertain", "none"]


def test_mood_is_seen(rooms: Rooms, others: Connection) -> None:
    """The state, its confidence, its words and its event; the other place stays as it is."""
    say(others, "cam/kitchen", "happy")
    rooms.home.wait_for("sensor.kitchen_mood", "happy")
    wait_until(lambda: rooms.attributes("event.kitchen_mood").get("event_type") == "happy", "the event", LONG_S)
    event = rooms.attributes("event.kitchen_mood")
    assert (event["place"], event["previous"]) == ("kitchen", "none")
    assert event["sources"]["face"]["label"] == "happy"
    assert float(rooms.home.state("sensor.kitchen_confidence")) > 30
    assert rooms.home.state("sensor.kitchen_summary").startswith("happy for ")
    assert rooms.attributes("sensor.kitchen_mood")["sentence"].endswith("by face alone")
    assert rooms.home.state("sensor.hall_mood") == "none"


def test_model_is_asked_and_its_choice_is_done(rooms: Rooms, others: Connection) -> None:
    """The question has the mood, what the sensor is and the choices; the answer's choice runs its action."""
    rooms.model.answers = ['{"choice": "first"}']
    rooms.model.asked.clear()
    acted: list[str] = []
    with Connection(
        rooms.broker.mqtt, "edged-acted", subscriptions=["acted/#"], on_received=lambda one: acted.append(one.topic)
    ) as connection:
        assert connection.wait_connected(LONG_S)
        say(others, "cam/kitchen", "angry")
        rooms.home.wait_for("sensor.kitchen_mood", "angry")
        wait_until(lambda: acted, "the action", LONG_S)
    (asked,) = rooms.model.asked
    question = asked["messages"][-1]["content"]
    for words in (
        "trained on actors",
        "no diagnosis",
        "kitchen: angry for ",
        '"mood":"angry"',
        "Calm us down.",
        "dims the lamp",
    ):
        assert words in question
    assert "second:" not in question
    assert asked["format"]["properties"]["choice"]["enum"] == ["nothing", "first", "second"]
    assert acted == ["acted/first"]


@pytest.mark.parametrize(
    "answer",
    ['{"choice": "nothing"}', '{"choice": "second"}', '{"choice": "{{ 1 }}"}', '{"choice": null}', "[1]", "{}"],
)
def test_any_other_answer_does_nothing(rooms: Rooms, others: Connection, answer: str) -> None:
    """An action that is not there, none, or no choice at all."""
    rooms.model.answers = [answer]
    rooms.model.asked.clear()
    acted: list[str] = []
    with Connection(
        rooms.broker.mqtt, "edged-acted", subscriptions=["acted/#"], on_received=lambda one: acted.append(one.topic)
    ) as connection:
        assert connection.wait_connected(LONG_S)
        mood = "sad" if rooms.home.state("sensor.kitchen_mood") != "sad" else "fear"
        say(others, "cam/kitchen", mood)
        wait_until(lambda: rooms.model.asked, "the question", LONG_S)
        wait_until(
            lambda: rooms.home.rendered("{{ state_attr('automation.model', 'current') }}") == "0", "its end", LONG_S
        )
        connection.send("acted/end", b"", 1, retained=False)
        wait_until(lambda: "acted/end" in acted, "the end", LONG_S)
    assert acted == ["acted/end"]
    assert json.dumps(rooms.model.asked).count("kitchen: ") == 1


def test_hub_killed_and_started(rooms: Rooms) -> None:
    """Without its hub a place is unavailable, by the will; afterwards it is there again."""
    rooms.kill_hub()
    for place in ("kitchen", "hall"):
        rooms.home.wait_for(f"sensor.{place}_mood", "unavailable")
    rooms.start_hub()
    rooms.home.wait_for("sensor.kitchen_mood", "none")
    rooms.home.wait_for("sensor.hall_mood", "none")


def test_removed_place_leaves(rooms: Rooms) -> None:
    """``edged discovery --place`` removes its entities while the hub runs; the other place stays."""
    command = rooms.command("discovery", "--place", "hall", "--remove")
    subprocess.run(command, check=True, cwd=REPOSITORY, capture_output=True)
    wait_until(lambda: not [one for one in rooms.home.states() if ".hall_" in one], "its end", LONG_S)
    assert rooms.home.state("sensor.kitchen_mood") == "none"


def test_home_assistant_complains_of_nothing(rooms: Rooms) -> None:
    """All of the above causes no warning."""
    assert rooms.home.complaints() == ""
