"""The command ``edged discovery``, and what of the config decides what is announced."""

import json
import subprocess
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest

from edged.cli.broker.discovery import announcer_for
from edged.config.structs import Config, HomeAssistant, Mqtt
from edged.host.identity import device_id
from edged.host.metrics import versions
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, free_port, idle_mosquitto, mosquitto, wait_until
from tests.parts.system.program import edged

__all__ = ["idle_mosquitto", "mosquitto"]

BUNDLE = load_bundle(DEFAULT_BUNDLE)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A file that a test writes."""
    return tmp_path / "config.yaml"


class Voice:
    """A publisher that takes all."""

    max_packet_bytes = None

    def __init__(self) -> None:
        self.retained: dict[str, bytes] = {}

    def fits(self, topic: str, payload: bytes) -> bool:  # noqa: ARG002 -- as a publisher's
        """It does."""
        return True

    def refused(self, topic: str, payload: bytes) -> None:
        """It never is."""

    def retain(self, topic: str, payload: bytes) -> None:
        """As the broker would."""
        self.retained[topic] = payload

    def repeat(self) -> None:
        """There are no states."""


def discovery(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, run as a user does."""
    return edged("discovery", *arguments, "--config", config)


def shown(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Payload by topic of what it printed."""
    assert done.returncode == 0, done.stderr
    return {topic: payload for topic, _, payload in (line.partition(" ") for line in done.stdout.splitlines())}


def test_printed_is_what_the_config_says(config: Path) -> None:
    """Node, root, prefix, room, period of the figures and what is obeyed are the config's, the labels the bundle's."""
    config.write_text(
        "node: hall\nhealth_s: 10\nmqtt: {root: house/edged, commands: read-only}\n"
        "homeassistant: {prefix: ha, suggested_area: Hall}\n"
    )
    ((topic, payload),) = shown(discovery(config)).items()
    assert topic == f"ha/device/edged_{device_id()}_hall/config"
    told = json.loads(payload)
    assert told["dev"]["sa"] == "Hall"
    assert told["cmps"]["sensor_emotion"]["state_topic"] == "house/edged/hall/emotion"
    assert told["cmps"]["sensor_emotion"]["options"] == [*BUNDLE.manifest.labels, "uncertain", "none"]
    assert told["cmps"]["sensor_latency"]["expire_after"] == 30
    assert [key for key in told["cmps"] if key.startswith(("button", "switch", "number"))] == ["button_identify"]


def test_printed_by_component(config: Path) -> None:
    """A line for each entity."""
    config.write_text("node: hall\nhomeassistant: {discovery: component}\n")
    assert f"homeassistant/event/edged_{device_id()}_hall/event_emotion/config" in shown(discovery(config))


def test_remove_empties_what_the_broker_holds(config: Path, mosquitto: Mosquitto) -> None:
    """The topic is printed, and a subscriber hears its end; with nothing there it is no fault either."""
    config.write_text(f"node: hall\nmqtt: {{host: 127.0.0.1, port: {mosquitto.port}}}\n")
    topic = f"homeassistant/device/edged_{device_id()}_hall/config"
    with Subscriber(msgspec.structs.replace(mosquitto.mqtt, root="homeassistant")) as subscriber:
        assert subscriber.wait_connected(WITHIN_S)
        assert list(shown(discovery(config, "--remove"))) == [topic]
        received = subscriber.received(WITHIN_S)
    assert received is not None
    assert (received.topic, received.payload) == (topic, b"")


def test_remove_without_a_broker_is_one_line(config: Path) -> None:
    """With status 1: later it may work."""
    port = free_port()
    config.write_text(f"mqtt: {{host: 127.0.0.1, port: {port}}}\n")
    done = discovery(config, "--remove")
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("edged: ")]
    assert f"broker 127.0.0.1:{port}: " in line


def test_program_that_is_being_replaced_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """While ``make install`` puts another one there it has no version; the one that runs still is what it was."""

    def gone(name: str) -> NoReturn:
        raise metadata.PackageNotFoundError(name)

    def read(*_: object, **__: object) -> NoReturn:
        pytest.fail("a file is read")

    announcement = announcer_for(Config(), BUNDLE)
    assert announcement is not None
    voice = Voice()
    before = versions("ai-edge-litert")
    monkeypatch.setattr(metadata, "version", gone)
    monkeypatch.setattr(Path, "read_text", read)
    announcement.connected()

    def ticked() -> bool:
        announcement.tick(voice)
        return bool(voice.retained)

    wait_until(ticked, "what is announced")
    announcement.tick(voice)
    (told,) = [json.loads(payload) for payload in voice.retained.values()]
    assert told["dev"]["sw"] == before["edged"]
    assert versions("ai-edge-litert") == before


def test_off_announces_nothing() -> None:
    """Neither is anything published, nor are the topics subscribed to."""
    off = Config(homeassistant=HomeAssistant(discovery="off"))
    assert announcer_for(off, BUNDLE) is None
    announcement = announcer_for(Config(node="a", mqtt=Mqtt(root="x")), BUNDLE)
    assert announcement is not None
    assert announcement.filters[0] == "homeassistant/status"
