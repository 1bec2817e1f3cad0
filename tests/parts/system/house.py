"""A house with everything in it that runs: a microphone, a broker, Home Assistant, the daemon.

sound ──► VirtualMicrophone ──► edged run ──► mosquitto ◄──► Home Assistant
"""

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from edged.config.structs import Mqtt
from edged.homeassistant.entities import Device, entities
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from tests.parts.broker.mosquitto import Mosquitto, mosquitto_program, wait_until
from tests.parts.sound.pulse import VirtualMicrophone
from tests.parts.system.homeassistant import LONG_S, HomeAssistant

REPOSITORY = Path(__file__).parents[3]
LABELS = load_bundle(DEFAULT_BUNDLE).manifest.labels
KITCHEN = Device(node="kitchen", device_id="0" * 16, labels=LABELS, version="0")
HEARD = ("event.kitchen_emotion", "sensor.kitchen_emotion", "sensor.kitchen_confidence", "binary_sensor.kitchen_speech")
GONE = {"unavailable", ""}


class House:
    """Each part may be started and ended by a test; the microphone runs."""

    def __init__(self, folder: Path, microphone: VirtualMicrophone) -> None:
        self.folder = folder
        self.microphone = microphone
        self.broker = Mosquitto(folder, mosquitto_program())
        self.home = HomeAssistant(folder / "home", self.broker.port)
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
        """End it as a power cut does, if it was started."""
        if self._daemon is not None:
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

    def wait_heard(self) -> None:
        """Until everything that the microphone tells is there."""
        for entity_id in HEARD:
            wait_until(lambda: self.home.state(entity_id) not in GONE, entity_id, LONG_S)  # noqa: B023 -- used at once

    def wait_gone(self) -> None:
        """Until nothing of the device is there."""
        ids = [entity["default_entity_id"] for entity in entities(KITCHEN).values()]
        wait_until(lambda: {self.home.state(entity_id) for entity_id in ids} <= GONE, "all is unavailable", LONG_S)
