"""A complete smart home: microphone, broker, Home Assistant, daemon.

sound ──► VirtualMicrophone ──► edged run ──► mosquitto ◄──► Home Assistant
"""

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from edged.config.structs import Mqtt
from edged.homeassistant.entities import entities
from edged.homeassistant.entity import Device
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from tests.parts.broker.mosquitto import Mosquitto, mosquitto_program, wait_until
from tests.parts.sound.pulse import VirtualMicrophone
from tests.parts.system.homeassistant import LONG_S, HomeAssistant

REPOSITORY = Path(__file__).parents[3]
LABELS = load_bundle(DEFAULT_BUNDLE).manifest.labels
KITCHEN = Device(node="kitchen", device_id="0" * 16, labels=LABELS, version="0", calibrates=True)
SOUND_ENTITIES = (
    "event.kitchen_emotion",
    "sensor.kitchen_emotion",
    "sensor.kitchen_confidence",
    "binary_sensor.kitchen_speech",
)
UNAVAILABLE = {"unavailable", ""}


class House:
    """A test may start and stop each part; the microphone always runs."""

    def __init__(self, folder: Path, microphone: VirtualMicrophone) -> None:
        self.folder = folder
        self.microphone = microphone
        self.broker = Mosquitto(folder, mosquitto_program())
        self.home = HomeAssistant(folder / "home", self.broker.port)
        self._daemon: subprocess.Popen[bytes] | None = None

    def broker_at(self, root: str) -> Mqtt:
        """Config that points to the broker, with topics below ``root``."""
        return msgspec.structs.replace(self.broker.mqtt, root=root)

    def configure(self, discovery: str = "device") -> None:
        """Write the daemon's config."""
        (self.folder / "config.yaml").write_text(
            f"node: kitchen\naudio: {{device: pulse}}\nhealth_s: 5\nstate_dir: {self.folder}/state\n"
            f"mqtt: {{host: 127.0.0.1, port: {self.broker.port}, commands: on}}\n"
            f"homeassistant: {{suggested_area: Kitchen, discovery: {discovery}}}\n"
        )

    def start_daemon(self) -> None:
        """Start the daemon as its service does."""
        with (self.folder / "daemon.log").open("ab") as log:
            self._daemon = subprocess.Popen(
                self.command("run"),
                cwd=REPOSITORY,
                env={**os.environ, **self.microphone.environment},
                stdout=log,
                stderr=log,
            )

    def kill_daemon(self) -> None:
        """Kill the daemon as in a power cut, if it was started."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait(LONG_S)

    def stop_daemon(self) -> None:
        """Stop the daemon with SIGTERM."""
        assert self._daemon is not None
        self._daemon.terminate()
        assert self._daemon.wait(LONG_S) == 0, (self.folder / "daemon.log").read_text()[-2000:]

    def command(self, *arguments: str) -> list[str]:
        """Command line of an ``edged`` with this config."""
        return [sys.executable, "-m", "edged", *arguments, "--config", str(self.folder / "config.yaml")]

    def wait_available(self) -> None:
        """Wait until all entities that depend on the sound are available."""
        for entity_id in SOUND_ENTITIES:
            wait_until(lambda: self.home.state(entity_id) not in UNAVAILABLE, entity_id, LONG_S)  # noqa: B023 -- used at once

    def wait_unavailable(self) -> None:
        """Wait until no entity of the device is available."""
        ids = [entity["default_entity_id"] for entity in entities(KITCHEN).values()]
        wait_until(
            lambda: {self.home.state(entity_id) for entity_id in ids} <= UNAVAILABLE, "all is unavailable", LONG_S
        )
