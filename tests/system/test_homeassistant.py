"""Real Home Assistant, mosquitto and daemon: what a person sees, and how it survives restarts of each part.

``make test-homeassistant`` runs these tests in a separate virtual environment; they are deselected otherwise.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.config.structs import Config
from edged.demo.sample import SAMPLE
from edged.homeassistant.entities import entities
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import wait_until
from tests.parts.sound.pulse import VirtualMicrophone
from tests.parts.sound.speech import RATE_HZ
from tests.parts.system.homeassistant import LONG_S, START_S, strictly_checked
from tests.parts.system.house import KITCHEN, LABELS, REPOSITORY, SOUND_ENTITIES, UNAVAILABLE, House

pytestmark = [pytest.mark.homeassistant, pytest.mark.timeout(START_S + 300)]

NOISE_S = 1800  # longer than all tests; without noise the microphone delivers zeros and counts as muted


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """All parts running, with the device's entities available."""
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
            built.wait_available()
            yield built
        finally:
            built.kill_daemon()
            built.home.stop()
            built.broker.kill()


def test_entities_are_there(house: House) -> None:
    """Each entity has its id and the suggested area; level is disabled by default; none is unknown."""
    expected = {entity["default_entity_id"] for entity in entities(KITCHEN).values()}
    # The registry reaches the disk ten seconds after a change.
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
    # Entities without a state before the first event or press.
    silent = {"event.kitchen_emotion", "sensor.kitchen_latency", "sensor.kitchen_calibration"}
    silent |= {f"button.kitchen_{name}" for name in ("restart", "identify", "calibrate", "forget_calibration")}
    assert {entity_id for entity_id, state in states.items() if state in {"unknown", *UNAVAILABLE}} <= silent
    assert states["binary_sensor.kitchen_microphone"] == "off"
    assert states["switch.kitchen_listening"] == "on"
    assert states["number.kitchen_threshold_angry"] == str(Config().tracker.enter)
    assert house.home.states()["sensor.kitchen_emotion"]["attributes"]["options"] == [*LABELS, "uncertain", "none"]


def test_no_key_is_unknown(tmp_path: Path) -> None:
    """Home Assistant's schemas accept each config."""
    configs = list(entities(KITCHEN).values())
    assert strictly_checked(configs, tmp_path) == ""
    assert "extra keys not allowed" in strictly_checked([{**configs[0], "state_topics": "x"}], tmp_path)


def test_speech_fires_the_event(house: House) -> None:
    """Speech fires the event with its label, switches the speech sensor on and off, and gives a latency."""
    before = house.home.state("event.kitchen_emotion")
    house.microphone.play(SAMPLE)
    house.home.wait_for("binary_sensor.kitchen_speech", "on")
    wait_until(lambda: house.home.state("event.kitchen_emotion") not in {before, *UNAVAILABLE}, "the event", LONG_S)
    attributes = house.home.states()["event.kitchen_emotion"]["attributes"]
    assert attributes["event_type"] in LABELS
    assert attributes["scores"][attributes["event_type"]] > 0
    wait_until(lambda: house.home.state("sensor.kitchen_latency").replace(".", "").isdigit(), "its latency", LONG_S)
    house.home.wait_for("binary_sensor.kitchen_speech", "off")
    house.home.wait_for("sensor.kitchen_emotion", "none")


def test_switch_closes_and_opens_the_microphone(house: House) -> None:
    """Switched off, the daemon reports muted; sound entities become unavailable, the switch does not."""
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
        house.home.wait_for("switch.kitchen_listening", "off")
        for entity_id in (*SOUND_ENTITIES, "binary_sensor.kitchen_microphone"):
            house.home.wait_for(entity_id, "unavailable")
        assert house.home.state("sensor.kitchen_outbox_depth") not in UNAVAILABLE
        house.home.call("switch.turn_on", "switch.kitchen_listening")
        wait_until(lambda: capture("online"), "sound again", LONG_S)
    house.home.wait_for("switch.kitchen_listening", "on")
    house.wait_available()


def test_number_sets_the_threshold(house: House) -> None:
    """The daemon applies the threshold, and the entity shows the daemon's value."""
    house.home.call("number.set_value", "number.kitchen_threshold_angry", value=0.65)
    house.home.wait_for("number.kitchen_threshold_angry", "0.65")
    assert house.home.state("number.kitchen_threshold_sad") == str(Config().tracker.enter)


def test_button_asks_which_device_it_is(house: House) -> None:
    """A press makes the daemon identify itself."""
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
    """After a kill all entities are unavailable, by the will; after a restart they are available again."""
    house.kill_daemon()
    house.wait_unavailable()
    with Subscriber(house.broker.mqtt, "kitchen") as subscriber:
        assert subscriber.wait_connected(LONG_S)

        def captured() -> bool:
            message = subscriber.received(0.1)  # retained, from before the kill
            return message is not None and message.topic.endswith("/capture") and not message.retained

        house.start_daemon()
        wait_until(captured, "the restarted daemon to open the microphone", LONG_S)
    house.wait_available()


def test_broker_restarted_empty(house: House) -> None:
    """A broker that lost everything gets it again from the device."""
    house.broker.kill()
    house.wait_unavailable()
    house.broker.start()
    house.wait_available()


def test_home_assistant_restarted(house: House) -> None:
    """Home Assistant restores its entities with the current state; its birth message gets all states again."""
    house.home.stop()
    house.home.rename("sensor.kitchen_emotion", "Mood")
    with Subscriber(house.broker.mqtt, "kitchen") as subscriber:
        assert subscriber.wait_connected(LONG_S)
        again: set[str] = set()

        def repeated() -> bool:
            if (message := subscriber.received(0.1)) and not message.retained:
                again.add(message.topic.removeprefix("edged/kitchen/"))
            return again >= {"availability", "capture", "info"}

        house.home.start()
        wait_until(repeated, "the states", LONG_S)
    house.wait_available()
    house.home.wait_for("switch.kitchen_listening", "on")
    assert house.home.states()["sensor.kitchen_emotion"]["attributes"]["friendly_name"].endswith("Mood")


def test_other_kind_of_discovery_shows_the_same(house: House) -> None:
    """With one discovery message per entity, entities, ids and names stay the same, and so on the way back."""
    named = house.home.states()["sensor.kitchen_emotion"]["attributes"]["friendly_name"]
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
        house.wait_available()
        ids = {entity_id for entity_id in house.home.states() if entity_id.split(".")[1].startswith("kitchen_")}
        expected = {entity["default_entity_id"] for entity in entities(KITCHEN).values()}
        assert ids == expected - {"sensor.kitchen_level"}
        assert house.home.states()["sensor.kitchen_emotion"]["attributes"]["friendly_name"] == named


def test_removed_and_announced_again(house: House) -> None:
    """``edged discovery --remove`` removes the entities while the daemon runs; its next start restores them."""
    subprocess.run(house.command("discovery", "--remove"), check=True, cwd=REPOSITORY, capture_output=True)
    wait_until(lambda: not house.home.state("sensor.kitchen_emotion"), "its end", LONG_S)
    house.stop_daemon()
    house.start_daemon()
    house.wait_available()


def test_home_assistant_complains_of_nothing(house: House) -> None:
    """All of the above causes no warning."""
    assert house.home.complaints() == ""
