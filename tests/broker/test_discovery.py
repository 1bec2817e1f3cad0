"""The command ``edged discovery``, and config keys that change discovery."""

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
    """A config file for the test to write."""
    return tmp_path / "config.yaml"


class FakePublisher:
    """A fake publisher that accepts everything."""

    max_packet_bytes = None

    def __init__(self) -> None:
        self.retained: dict[str, bytes] = {}

    def fits(self, topic: str, payload: bytes) -> bool:  # noqa: ARG002 -- as a publisher's
        """Always true."""
        return True

    def refused(self, topic: str, payload: bytes) -> None:
        """Never called."""

    def retain(self, topic: str, payload: bytes) -> None:
        """Record the message like a broker."""
        self.retained[topic] = payload

    def repeat(self) -> None:
        """There are no states."""


def discovery(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    return edged("discovery", *arguments, "--config", config)


def shown(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Printed payloads by topic."""
    assert done.returncode == 0, done.stderr
    return {topic: payload for topic, _, payload in (line.partition(" ") for line in done.stdout.splitlines())}


def test_printed_is_what_the_config_says(config: Path) -> None:
    """Node, root, prefix, area, health period and commands come from the config, labels from the bundle."""
    config.write_text(
        "node: hall\nhealth_s: 10\nmqtt: {root: house/edged, commands: read-only}\n"
        "homeassistant: {prefix: ha, suggested_area: Hall}\n"
    )
    ((topic, payload),) = shown(discovery(config)).items()
    assert topic == f"ha/device/edged_{device_id()}_hall/config"
    announced = json.loads(payload)
    assert announced["dev"]["sa"] == "Hall"
    assert announced["cmps"]["sensor_emotion"]["state_topic"] == "house/edged/hall/emotion"
    assert announced["cmps"]["sensor_emotion"]["options"] == [*BUNDLE.manifest.labels, "uncertain", "none"]
    assert announced["cmps"]["sensor_latency"]["expire_after"] == 30
    assert [key for key in announced["cmps"] if key.startswith(("button", "switch", "number"))] == ["button_identify"]


def test_printed_by_component(config: Path) -> None:
    """One line per entity."""
    config.write_text("node: hall\nhomeassistant: {discovery: component}\n")
    assert f"homeassistant/event/edged_{device_id()}_hall/event_emotion/config" in shown(discovery(config))


def test_remove_empties_what_the_broker_holds(config: Path, mosquitto: Mosquitto) -> None:
    """The topic is printed and emptied at the broker; with nothing there it succeeds too."""
    config.write_text(f"node: hall\nmqtt: {{host: 127.0.0.1, port: {mosquitto.port}}}\n")
    topic = f"homeassistant/device/edged_{device_id()}_hall/config"
    with Subscriber(msgspec.structs.replace(mosquitto.mqtt, root="homeassistant")) as subscriber:
        assert subscriber.wait_connected(WITHIN_S)
        assert list(shown(discovery(config, "--remove"))) == [topic]
        received = subscriber.received(WITHIN_S)
    assert received is not None
    assert (received.topic, received.payload) == (topic, b"")


def test_remove_without_a_broker_is_one_line(config: Path) -> None:
    """Status 1, since a retry may work."""
    port = free_port()
    config.write_text(f"mqtt: {{host: 127.0.0.1, port: {port}}}\n")
    done = discovery(config, "--remove")
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("edged: ")]
    assert f"broker 127.0.0.1:{port}: " in line


def test_program_that_is_being_replaced_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """While ``make install`` replaces the package its version is unreadable; the daemon keeps its own."""

    def raise_missing(name: str) -> NoReturn:
        raise metadata.PackageNotFoundError(name)

    def read(*_: object, **__: object) -> NoReturn:
        pytest.fail("a file is read")

    announcement = announcer_for(Config(), BUNDLE)
    assert announcement is not None
    publisher = FakePublisher()
    before = versions("ai-edge-litert")
    monkeypatch.setattr(metadata, "version", raise_missing)
    monkeypatch.setattr(Path, "read_text", read)
    announcement.connected()

    def ticked() -> bool:
        announcement.tick(publisher)
        return bool(publisher.retained)

    wait_until(ticked, "what is announced")
    announcement.tick(publisher)
    (announced,) = [json.loads(payload) for payload in publisher.retained.values()]
    assert announced["dev"]["sw"] == before["edged"]
    assert versions("ai-edge-litert") == before


def test_off_announces_nothing() -> None:
    """Nothing is published or subscribed."""
    off = Config(homeassistant=HomeAssistant(discovery="off"))
    assert announcer_for(off, BUNDLE) is None
    announcement = announcer_for(Config(node="a", mqtt=Mqtt(root="x")), BUNDLE)
    assert announcement is not None
    assert announcement.filters[0] == "homeassistant/status"
