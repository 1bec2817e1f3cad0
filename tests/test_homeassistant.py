"""A real Home Assistant, a real mosquitto and the real daemon: what a person sees there, and what ends and comes back.

``make test-homeassistant`` runs these, with a virtual environment of its own; they are deselected otherwise.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from edged.config import Mqtt
from edged.demo.sample import SAMPLE
from edged.events.schema import encoded
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from edged.mqtt.connection import Connection
from edged.mqtt.discovery import messages
from edged.mqtt.entities import Device, entities
from edged.mqtt.subscriber import Subscriber
from tests.homeassistant import HomeAssistant
from tests.mosquitto import Mosquitto, mosquitto_program, wait_until
from tests.payloads import emotion_state, episode_start, info
from tests.pulse import VirtualMicrophone
from tests.speech import RATE_HZ

pytestmark = pytest.mark.homeassistant

REPOSITORY = Path(__file__).parent.parent
LABELS = load_bundle(DEFAULT_BUNDLE).manifest.labels
KITCHEN = Device(node="kitchen", device_id="0" * 16, labels=LABELS, version="0")
# A device without a daemon: the test says what it hears.
ATTIC = Device(node="attic", device_id="0" * 16, labels=LABELS, version="0")
LONG_S = 90.0  # deadline of what takes seconds
NOISE_S = 1800  # longer than all of it; without it the microphone gives nothing but zeros and counts as muted
HEARD = ("event.kitchen_emotion", "sensor.kitchen_emotion", "sensor.kitchen_confidence", "binary_sensor.kitchen_speech")
GONE = {"unavailable", ""}
AUTOMATIONS = """
  - id: light
    use_blueprint:
      path: edged/light_follows_mood.yaml
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


def blueprints() -> dict[str, str]:
    """The blueprints of the README by the name of the file that it says to paste them into."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^`edged/([a-z_]+\.yaml)`[^\n]*\n\n```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return dict(found)


class House:
    """Everything that runs: a microphone with a little noise in it, the broker, Home Assistant, the daemon."""

    def __init__(self, folder: Path, microphone: VirtualMicrophone) -> None:
        self.folder = folder
        self.microphone = microphone
        self.broker = Mosquitto(folder, mosquitto_program())
        home = folder / "home"
        pasted = home / "blueprints" / "automation" / "edged"
        pasted.mkdir(parents=True)
        for name, text in blueprints().items():
            (pasted / name).write_text(text)
        self.home = HomeAssistant(home, self.broker.port, AUTOMATIONS)
        self._daemon: subprocess.Popen[bytes] | None = None

    def broker_at(self, root: str) -> Mqtt:
        """The config that leads to the broker, for what lies below ``root``."""
        return msgspec.structs.replace(self.broker.mqtt, root=root)

    def configure(self, discovery: str = "device") -> None:
        """Write the daemon's config."""
        (self.folder / "config.yaml").write_text(
            f"node: kitchen\naudio: {{device: pulse}}\nhealth_s: 5\nstate_dir: {self.folder}/state\n"
            f"mqtt: {{host: 127.0.0.1, port: {self.broker.port}, commands: on}}\n"
            f"homeassistant: {{suggested_area: Kitchen, discovery: {discovery}}}\n"
        )

    def start_daemon(self) -> None:
        """Start it as its service does."""
        with (self.folder / "daemon.log").open("ab") as log:
            self._daemon = subprocess.Popen(
                self.command("run"),
                cwd=REPOSITORY,
                env={**os.environ, **self.microphone.environment},
                stdout=log,
                stderr=log,
            )

    def kill_daemon(self) -> None:
        """End it as a power cut does."""
        assert self._daemon is not None
        self._daemon.kill()
        self._daemon.wait(LONG_S)

    def stop_daemon(self) -> None:
        """End it as a system does."""
        assert self._daemon is not None
        self._daemon.terminate()
        assert self._daemon.wait(LONG_S) == 0, (self.folder / "daemon.log").read_text()[-2000:]

    def command(self, *arguments: str) -> list[str]:
        """The command line of an ``edged`` with this config."""
        return [sys.executable, "-m", "edged", *arguments, "--config", str(self.folder / "config.yaml")]

    def wait_for(self, entity_id: str, *states: str) -> None:
        """Until the entity has one of these states."""
        wait_until(lambda: self.home.state(entity_id) in states, f"{entity_id} is {' or '.join(states)}", LONG_S)

    def wait_heard(self) -> None:
        """Until everything that the microphone tells is there."""
        for entity_id in HEARD:
            wait_until(lambda: self.home.state(entity_id) not in GONE, entity_id, LONG_S)  # noqa: B023 -- used at once

    def wait_gone(self) -> None:
        """Until nothing of the device is there."""
        ids = [entity["default_entity_id"] for entity in entities(KITCHEN).values()]
        wait_until(lambda: {self.home.state(entity_id) for entity_id in ids} <= GONE, "all is unavailable", LONG_S)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """All of it running, with the device's entities there."""
    folder = tmp_path_factory.mktemp("house")
    noise = folder / "noise.wav"
    soundfile.write(noise, np.random.default_rng(1).normal(0, 0.0005, NOISE_S * RATE_HZ).astype(np.float32), RATE_HZ)
    with VirtualMicrophone() as microphone:
        microphone.play(noise)
        built = House(folder, microphone)
        built.broker.start()
        try:
            built.home.start()
            built.configure()
            built.start_daemon()
            built.wait_heard()
            yield built
        finally:
            built.kill_daemon()
            built.home.stop()
            built.broker.kill()


def test_entities_are_there(house: House) -> None:
    """Each with the id that was meant, in the suggested room; level waits to be enabled; none is unknown."""
    expected = {entity["default_entity_id"] for entity in entities(KITCHEN).values()}
    # Its registry reaches the disk ten seconds after a change.
    wait_until(
        lambda: (
            {e["entity_id"] for e in house.home.registered() if e["entity_id"].split(".")[1].startswith("kitchen")}
            == expected
        ),
        "all in the registry",
        LONG_S,
    )
    disabled = {e["entity_id"] for e in house.home.registered() if e["disabled_by"] == "integration"}
    assert disabled == {"sensor.kitchen_level"}
    assert house.home.rendered("{{ area_name('sensor.kitchen_emotion') }}") == "Kitchen"
    wait_until(lambda: house.home.state("sensor.kitchen_outbox_depth") == "0", "the first figures", LONG_S)
    states = {entity_id: house.home.state(entity_id) for entity_id in expected - disabled}
    # Before the first event and without a press there is nothing to say.
    silent = {"event.kitchen_emotion", "sensor.kitchen_latency", "button.kitchen_restart", "button.kitchen_identify"}
    assert {entity_id for entity_id, state in states.items() if state in {"unknown", *GONE}} <= silent
    assert states["binary_sensor.kitchen_microphone"] == "off"
    assert states["switch.kitchen_listening"] == "on"
    assert states["number.kitchen_threshold_angry"] == "0.5"
    assert house.home.states()["sensor.kitchen_emotion"]["attributes"]["options"] == [*LABELS, "uncertain", "none"]


def test_speech_fires_the_event(house: House) -> None:
    """Somebody speaks: the event comes with its label, speech goes on and off, the latency is known."""
    before = house.home.state("event.kitchen_emotion")
    house.microphone.play(SAMPLE)
    house.wait_for("binary_sensor.kitchen_speech", "on")
    wait_until(lambda: house.home.state("event.kitchen_emotion") not in {before, *GONE}, "the event", LONG_S)
    attributes = house.home.states()["event.kitchen_emotion"]["attributes"]
    assert attributes["event_type"] in LABELS
    assert attributes["scores"][attributes["event_type"]] > 0
    wait_until(lambda: house.home.state("sensor.kitchen_latency").replace(".", "").isdigit(), "its latency", LONG_S)
    house.wait_for("binary_sensor.kitchen_speech", "off")
    house.wait_for("sensor.kitchen_emotion", "none")


def test_switch_closes_and_opens_the_microphone(house: House) -> None:
    """Off: the daemon is mute, and says so; what is heard is unavailable, and the switch itself is not."""
    with Subscriber(house.broker.mqtt, "kitchen") as subscriber:
        assert subscriber.wait_connected(LONG_S)
        captures: list[str] = []

        def capture(state: str) -> bool:
            if (message := subscriber.received(0.1)) and message.topic.endswith("/capture"):
                captures.append(message.payload.decode())
            return captures[-1:] == [state]

        wait_until(lambda: capture("online"), "sound", LONG_S)
        house.home.call("switch.turn_off", "switch.kitchen_listening")
        wait_until(lambda: capture("muted"), "the daemon's mute", LONG_S)
        house.wait_for("switch.kitchen_listening", "off")
        for entity_id in (*HEARD, "binary_sensor.kitchen_microphone"):
            house.wait_for(entity_id, "unavailable")
        assert house.home.state("sensor.kitchen_outbox_depth") not in GONE
        house.home.call("switch.turn_on", "switch.kitchen_listening")
        wait_until(lambda: capture("online"), "sound again", LONG_S)
    house.wait_for("switch.kitchen_listening", "on")
    house.wait_heard()


def test_number_sets_the_threshold(house: House) -> None:
    """The daemon takes it, and what is shown is what it says of itself."""
    house.home.call("number.set_value", "number.kitchen_threshold_angry", value=0.65)
    house.wait_for("number.kitchen_threshold_angry", "0.65")
    assert house.home.state("number.kitchen_threshold_sad") == "0.5"


def test_button_asks_which_device_it_is(house: House) -> None:
    """Pressed, the daemon answers."""
    with Subscriber(house.broker.mqtt, "kitchen") as subscriber:
        assert subscriber.wait_connected(LONG_S)
        house.home.call("button.press", "button.kitchen_identify")

        def answered() -> bool:
            message = subscriber.received(0.1)
            return (
                message is not None
                and message.topic.endswith("/cmd/identify/result")
                and b'"ok":true' in message.payload
            )

        wait_until(answered, "who it is", LONG_S)


def test_daemon_killed_and_started(house: House) -> None:
    """Nothing of it is available, by its will; then all is again."""
    house.kill_daemon()
    house.wait_gone()
    with Subscriber(house.broker.mqtt, "kitchen") as subscriber:
        assert subscriber.wait_connected(LONG_S)

        def captured() -> bool:
            message = subscriber.received(0.1)  # retained: from before it was killed
            return message is not None and message.topic.endswith("/capture") and not message.retained

        house.start_daemon()
        wait_until(captured, "the microphone in the hands of the new one", LONG_S)
    house.wait_heard()


def test_broker_restarted_empty(house: House) -> None:
    """It has forgotten all; the device tells it again."""
    house.broker.kill()
    house.wait_gone()
    house.broker.start()
    house.wait_heard()


def test_home_assistant_restarted(house: House) -> None:
    """It finds all as it left it, with the state that holds; its birth is answered with all states once more."""
    house.home.stop()
    with Subscriber(house.broker.mqtt, "kitchen") as subscriber:
        assert subscriber.wait_connected(LONG_S)
        again: set[str] = set()

        def repeated() -> bool:
            if (message := subscriber.received(0.1)) and not message.retained:
                again.add(message.topic.removeprefix("edged/kitchen/"))
            return again >= {"availability", "capture", "info"}

        house.home.start()
        wait_until(repeated, "the states", LONG_S)
    house.wait_heard()
    house.wait_for("switch.kitchen_listening", "on")


def test_other_kind_of_discovery_shows_the_same(house: House) -> None:
    """One message for each entity: the same entities, under the same ids, and back again."""
    for kind in ("component", "device"):
        house.stop_daemon()
        house.configure(kind)
        house.start_daemon()
        with Subscriber(house.broker_at("homeassistant")) as subscriber:
            assert subscriber.wait_connected(LONG_S)
            emptied = re.compile("homeassistant/device/.*" if kind == "component" else "homeassistant/sensor/.*")

            def moved(emptied: re.Pattern[str] = emptied, subscriber: Subscriber = subscriber) -> bool:
                message = subscriber.received(0.1)
                return message is not None and bool(emptied.match(message.topic)) and not message.payload

            wait_until(moved, f"the end of what came before {kind}", LONG_S)
        house.wait_heard()
        found = {entity_id for entity_id in house.home.states() if entity_id.split(".")[1].startswith("kitchen_")}
        expected = {entity["default_entity_id"] for entity in entities(KITCHEN).values()}
        assert found == expected - {"sensor.kitchen_level"}


def test_removed_and_told_again(house: House) -> None:
    """``edged discovery --remove`` takes the entities away while the daemon runs; its next start brings them back."""
    subprocess.run(house.command("discovery", "--remove"), check=True, cwd=REPOSITORY, capture_output=True)
    wait_until(lambda: not house.home.state("sensor.kitchen_emotion"), "its end", LONG_S)
    house.stop_daemon()
    house.start_daemon()
    house.wait_heard()


def test_blueprints_do_as_they_say(house: House) -> None:
    """As pasted from the README: a light in the mood's colour, a word on a long angry episode, one when it is quiet."""
    lamp = {"name": "Lamp", "unique_id": "lamp", "command_topic": "lamp/command", "rgb_command_topic": "lamp/rgb"}
    heard: dict[str, str] = {}
    with (
        Connection(house.broker.mqtt, "attic") as attic,
        Subscriber(house.broker_at("lamp")) as light,
        Subscriber(house.broker_at("notes")) as notes,
    ):
        for opened in (attic, light, notes):
            assert opened.wait_connected(LONG_S)

        def say(name: str, payload: bytes) -> None:
            attic.send(f"edged/attic/{name}", payload, 1, retained=not name.startswith("event/"))

        def told(topic: str) -> str:
            for subscriber in (light, notes):
                if message := subscriber.received(0.1):
                    heard[message.topic] = message.payload.decode()
            return heard.get(topic, "")

        (discovery,) = messages(ATTIC, "device", "homeassistant").items()
        attic.send(*discovery, 1, retained=True)
        attic.send("homeassistant/light/lamp/config", json.dumps(lamp).encode(), 1, retained=True)
        say("availability", b"online")
        say("capture", b"online")
        say("info", encoded(msgspec.structs.replace(info(), thresholds=dict.fromkeys(LABELS, 0.5))))
        say("speech", b"OFF")
        say("emotion", encoded(emotion_state("none", None)))
        house.wait_for("sensor.attic_emotion", "none")
        house.wait_for("binary_sensor.attic_speech", "off")
        house.wait_for("light.lamp", "unknown")

        say("speech", b"ON")
        house.wait_for("binary_sensor.attic_speech", "on")
        # It comes late: the summary must not know of it.
        say("event/start", encoded(msgspec.structs.replace(episode_start("sad"), replayed=True)))
        say("event/start", encoded(episode_start("angry")))
        say("emotion", encoded(emotion_state("angry")))
        wait_until(lambda: told("lamp/rgb") == "255,40,20", "the light's colour", LONG_S)
        wait_until(lambda: "angry since" in told("notes/edged_long_episode"), "the note", LONG_S)
        wait_until(
            lambda: "event_type" in house.home.states()["event.attic_emotion"]["attributes"], "the event", LONG_S
        )
        assert "notes/edged_quiet_house" not in heard
        say("speech", b"OFF")
        say("emotion", encoded(emotion_state("none", None)))
        wait_until(lambda: told("notes/edged_quiet_house"), "the summary", LONG_S)
    assert heard["notes/edged_quiet_house"] == "Quiet after 1 min. Moods: angry 1"


def test_home_assistant_complains_of_nothing(house: House) -> None:
    """No warning and no error of MQTT, templates or automations, but for broker and discovery that were taken away."""
    lines = house.home.log.read_text().splitlines()
    ours = [line for line in lines if re.search("WARNING|ERROR", line) and re.search("mqtt|template|automation", line)]
    meant = (
        "Received a conflicting MQTT discovery message|No device components to cleanup",
        "The connection was lost|Failed to connect to MQTT",
    )
    assert "\n".join(line for line in ours if not re.search("|".join(meant), line)) == ""
