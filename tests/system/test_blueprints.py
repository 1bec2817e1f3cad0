"""The three blueprints of docs/integrations in a real Home Assistant; the test publishes in place of a device."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from edged.contract.payloads import encoded
from edged.homeassistant.discovery import messages
from edged.homeassistant.entity import Device
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from edged.mqtt.connection import Connection
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.payloads import emotion_state, episode_start, info
from tests.parts.system.homeassistant import LONG_S, START_S, HomeAssistant

__all__ = ["idle_mosquitto", "mosquitto"]

pytestmark = [pytest.mark.homeassistant, pytest.mark.timeout(START_S + 300)]

BLUEPRINTS = Path(__file__).parents[2] / "docs" / "integrations" / "home-assistant"
LABELS = load_bundle(DEFAULT_BUNDLE).manifest.labels
ATTIC = Device(node="attic", device_id="0" * 16, labels=LABELS, version="0")
AUTOMATIONS = """
  - id: light
    use_blueprint:
      path: edged/light_follows_emotion.yaml
      input: {emotion: sensor.attic_emotion, light: light.lamp}
  - id: angry
    use_blueprint:
      path: edged/long_episode.yaml
      input: {emotion: sensor.attic_emotion, minutes: 0.05}
  - id: quiet
    use_blueprint:
      path: edged/quiet_house.yaml
      input: {event: event.attic_emotion, speech: binary_sensor.attic_speech, minutes: 0.05}
  - id: notes
    triggers: {trigger: persistent_notification, update_type: [added, updated]}
    actions:
      action: mqtt.publish
      data:
        topic: notes/{{ trigger.notification.notification_id }}
        payload: "{{ trigger.notification.message }}"
"""


@pytest.fixture
def home(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[HomeAssistant]:
    """Home Assistant with the automations and a broker, without a daemon."""
    running = HomeAssistant(tmp_path / "home", mosquitto.port, AUTOMATIONS)
    pasted = tmp_path / "home" / "blueprints" / "automation" / "edged"
    pasted.mkdir(parents=True)
    for file in BLUEPRINTS.glob("*.yaml"):
        shutil.copy(file, pasted)
    try:
        running.start()
        yield running
    finally:
        running.stop()


def test_blueprints_do_as_they_say(home: HomeAssistant, mosquitto: Mosquitto) -> None:
    """The light takes the emotion's colour, a long angry episode sends a notification, quiet sends a summary."""
    lamp = {"name": "Lamp", "unique_id": "lamp", "command_topic": "lamp/command", "rgb_command_topic": "lamp/rgb"}
    payloads: dict[str, str] = {}
    with (
        Connection(mosquitto.mqtt, "attic") as attic,
        Subscriber(msgspec.structs.replace(mosquitto.mqtt, root="lamp")) as light,
        Subscriber(msgspec.structs.replace(mosquitto.mqtt, root="notes")) as notes,
    ):
        for opened in (attic, light, notes):
            assert opened.wait_connected(LONG_S)

        def publish(name: str, payload: bytes) -> None:
            attic.send(f"edged/attic/{name}", payload, 1, retained=not name.startswith("event/"))

        def payload_on(topic: str) -> str:
            for subscriber in (light, notes):
                if message := subscriber.received(0.1):
                    payloads[message.topic] = message.payload.decode()
            return payloads.get(topic, "")

        (discovery,) = messages(ATTIC, "device", "homeassistant").items()
        attic.send(*discovery, 1, retained=True)
        attic.send("homeassistant/light/lamp/config", json.dumps(lamp).encode(), 1, retained=True)
        publish("availability", b"online")
        publish("capture", b"online")
        publish("info", encoded(msgspec.structs.replace(info(), thresholds=dict.fromkeys(LABELS, 0.5))))
        publish("speech", b"OFF")
        publish("emotion", encoded(emotion_state("none", None)))
        home.wait_for("sensor.attic_emotion", "none")
        home.wait_for("binary_sensor.attic_speech", "off")
        home.wait_for("light.lamp", "unknown")

        publish("speech", b"ON")
        home.wait_for("binary_sensor.attic_speech", "on")
        # This event is late: the summary must not count it.
        publish("event/start", encoded(msgspec.structs.replace(episode_start("sad"), replayed=True)))
        publish("event/start", encoded(episode_start("angry")))
        publish("emotion", encoded(emotion_state("angry")))
        wait_until(lambda: payload_on("lamp/rgb") == "255,40,20", "the light's colour", LONG_S)
        wait_until(lambda: "angry since" in payload_on("notes/edged_long_episode"), "the note", LONG_S)
        wait_until(lambda: "event_type" in home.states()["event.attic_emotion"]["attributes"], "the event", LONG_S)
        assert "notes/edged_quiet_house" not in payloads
        publish("speech", b"OFF")
        publish("emotion", encoded(emotion_state("none", None)))
        wait_until(lambda: payload_on("notes/edged_quiet_house"), "the summary", LONG_S)
    assert payloads["notes/edged_quiet_house"] == "Quiet after 1 min. Emotions: angry 1"
    assert home.complaints() == ""
