"""SIGHUP to a running ``edged hub``: places come, go and change on one connection; a faulty config changes nothing."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from edged.contract.mood import Mood
from edged.mqtt.connection import Connection
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.system.program import REPOSITORY

if TYPE_CHECKING:
    from edged.contract.topics import Received

__all__ = ["idle_mosquitto", "mosquitto"]

_LONG_S = 60.0
_BEFORE = """
    kitchen: {hold_s: 0, enter: 0.3, inputs: [{kind: label, topic: cam/kitchen, reliability: 0.9}]}
    hall: {hold_s: 0, enter: 0.3, inputs: [{kind: label, topic: cam/hall, reliability: 0.9}]}
"""
_AFTER = """
    kitchen:
      hold_s: 0
      enter: 0.35
      inputs: [{kind: label, topic: cam/kitchen, reliability: 0.9}, {kind: label, topic: b, name: b}]
    attic: {hold_s: 0, enter: 0.3, inputs: [{kind: label, topic: cam/attic, reliability: 0.9}]}
"""


class Process:
    """``edged hub`` with a config that can be replaced, and everything that the broker delivers."""

    def __init__(self, folder: Path, port: int) -> None:
        self._file, self._log, self._port = folder / "hub.yaml", folder / "log", port
        self.received: list[Received] = []
        self.write(_BEFORE)
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "edged", "hub", "--config", str(self._file)]
            self.process = subprocess.Popen(command, cwd=REPOSITORY, stderr=log, stdout=log)

    def write(self, places: str, port: int = 0) -> None:
        """Replace the config."""
        head = f"mqtt: {{host: 127.0.0.1, port: {port or self._port}}}\nhub:\n  name: hub-1\n  places:"
        self._file.write_text(head + places)

    def wait_logged(self, words: str) -> None:
        """Wait until the log has ``words``."""
        wait_until(lambda: words in self._log.read_text(), f"{words} in the log", _LONG_S)

    def reload(self, words: str) -> None:
        """Send SIGHUP and wait for what the log says of it."""
        self.process.send_signal(signal.SIGHUP)
        self.wait_logged(words)

    def moods(self, place: str) -> list[Mood]:
        """All moods of a place, in order."""
        topic = f"edged/place/{place}/mood"
        return [msgspec.json.decode(one.payload, type=Mood) for one in [*self.received] if one.topic == topic]

    def wait_mood(self, place: str, emotion: str, source: str = "") -> None:
        """Wait until the newest mood of a place is this one, and has the source."""
        wait_until(
            lambda: any(
                one.emotion == emotion and (not source or source in one.sources) for one in self.moods(place)[-1:]
            ),
            f"{place} {emotion} {source}",
            _LONG_S,
        )


@pytest.fixture
def hub(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[tuple[Process, Connection]]:
    """A running hub, and a connection to publish on, which receives everything."""
    running = Process(tmp_path, mosquitto.port)
    try:
        with Connection(
            mosquitto.mqtt, "edged-test", subscriptions=["#"], on_received=running.received.append
        ) as others:
            assert others.wait_connected(WITHIN_S)
            running.wait_mood("kitchen", "none")
            running.wait_mood("hall", "none")
            yield running, others
    finally:
        running.process.kill()
        running.process.wait(WITHIN_S)


def test_places_come_go_and_change(hub: tuple[Process, Connection]) -> None:
    """The mood of a place that stays continues; the connection is never lost."""
    running, others = hub

    def says(topic: str, word: str) -> None:
        assert others.send(topic, word.encode(), 1, retained=False) is not None

    says("cam/kitchen", "angry")
    running.wait_mood("kitchen", "angry")
    says("cam/hall", "happy")
    running.wait_mood("hall", "happy")
    since = running.moods("kitchen")[-1].since
    running.write(_AFTER)
    running.reload(
        "config read again: hub.places.attic added, hub.places.hall removed, hub.places.kitchen.inputs changed,"
        " hub.places.kitchen.enter 0.3 -> 0.35"
    )
    running.wait_mood("hall", "none")
    running.wait_mood("attic", "none")
    says("cam/hall", "happy")
    says("cam/attic", "sad")
    running.wait_mood("attic", "sad")
    says("cam/kitchen", "angry")
    says("b", "angry")
    running.wait_mood("kitchen", "angry", "b")
    assert running.moods("kitchen")[-1].since >= since
    assert running.moods("hall")[-1].emotion == "none"
    config = "homeassistant/device/edged_place_attic/config"
    wait_until(
        lambda: any(one.topic == config and one.payload for one in [*running.received]), "its discovery", _LONG_S
    )
    states = [one.payload for one in [*running.received] if one.topic == "edged/hub-1/availability"]
    assert set(states) == {b"online"}


def test_faulty_config_changes_nothing(hub: tuple[Process, Connection]) -> None:
    """One line with the fault; what needs a restart is named; the hub runs on with what it has."""
    running, others = hub
    running.write("\n    kitchen: {windows: 5}")
    running.reload("config refused, the old one stays in force: ")
    running.wait_logged("hub.places.kitchen.windows is not a key")
    running.write(" {}")
    running.reload("hub.places is empty, expected at least one place")
    running.write(_BEFORE, port=1)
    running.reload("config read again: nothing changed; needs a restart: mqtt.port")
    assert others.send("cam/kitchen", b"angry", 1, retained=False) is not None
    running.wait_mood("kitchen", "angry")
    running.process.terminate()
    assert running.process.wait(_LONG_S) == 0
