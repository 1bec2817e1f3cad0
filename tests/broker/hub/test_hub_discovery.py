"""``edged discovery --hub`` and ``--place`` with a real mosquitto: what the places announced is printed and removed."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from edged.cli.broker.hub_parts import place_announcements
from edged.cli.main import main
from edged.config.hub.structs import Place
from edged.config.load import load_config
from edged.config.structs import Config
from edged.homeassistant.discovery import messages
from edged.homeassistant.entity import Device
from edged.mqtt.connection import Connection
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until

__all__ = ["idle_mosquitto", "mosquitto"]

_HUB = """
mqtt: {{host: 127.0.0.1, port: {port}, root: house/edged}}
homeassistant: {{prefix: ha, discovery: {discovery}}}
hub: {{name: hub-1, part: 1/2, places: {{kitchen: {{voice: [a], area: Kitchen}}, hall: {{voice: [b]}}}}}}
"""


@pytest.fixture
def file(mosquitto: Mosquitto, tmp_path: Path) -> Path:
    """The config of a hub of two places, which has one of two parts."""
    path = tmp_path / "hub.yaml"
    path.write_text(_HUB.format(port=mosquitto.port, discovery="device"))
    return path


def announced(config: Config, *places: str, kind: str = "device") -> dict[str, bytes]:
    """What the hub retains for ``places``."""
    announcements = place_announcements(config, "hub-1", dict.fromkeys(places, Place()))
    return {
        topic: payload
        for one in announcements.values()
        for topic, payload in (one.whole if kind == "device" else one.parts).items()
    }


def retain(broker: Mosquitto, there: Mapping[str, bytes]) -> None:
    """Publish ``there`` and wait until the broker has it."""
    confirmed: list[int] = []
    with Connection(broker.mqtt, "before", on_acknowledged=confirmed.append) as connection:
        assert connection.wait_connected(WITHIN_S)
        for topic, payload in there.items():
            connection.send(topic, payload, 1, retained=True)
        wait_until(lambda: len(confirmed) == len(there), "all of it at the broker")


def test_every_place_is_printed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of other parts too, as the hub announces them; discovery that is off prints the same."""
    assert main(["discovery", "--hub", "--config", str(file)]) == 0
    printed = capsys.readouterr().out
    assert [line.split(" ")[0] for line in printed.splitlines()] == [
        "ha/device/house-edged_place_kitchen/config",
        "ha/device/house-edged_place_hall/config",
    ]
    kitchen = json.loads(printed.splitlines()[0].partition(" ")[2])
    assert kitchen["dev"]["sa"] == "Kitchen"
    assert kitchen["cmps"]["sensor_mood"]["state_topic"] == "house/edged/place/kitchen/mood"
    file.write_text(file.read_text().replace("discovery: device", "discovery: 'off'"))
    assert main(["discovery", "--hub", "--config", str(file)]) == 0
    assert capsys.readouterr().out == printed


def test_places_are_removed(mosquitto: Mosquitto, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both kinds, of every place of the config; a device, and a place of another hub, stay."""
    config = load_config(file)
    device = Device(node="kitchen", device_id="0123456789abcdef", labels=("angry", "sad"), version="0")
    others = {**announced(config, "attic"), **messages(device, "device", "ha")}
    mine = announced(config, "kitchen", "hall") | announced(config, "kitchen", kind="component")
    retain(mosquitto, others | mine)
    assert main(["discovery", "--hub", "--remove", "--config", str(file)]) == 0
    assert capsys.readouterr().out.splitlines() == sorted(mine)
    assert mosquitto.retained("ha") == others


def test_a_place_that_left_the_config_is_removed(
    mosquitto: Mosquitto, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its name, with its mood; the others stay, with --hub they go as well, except for their moods."""
    config = load_config(file)
    there = announced(config, "kitchen", "pantry")
    moods = {f"house/edged/place/{place}/mood": b"{}" for place in ("kitchen", "pantry")}
    retain(mosquitto, there | moods)
    assert main(["discovery", "--place", "pantry", "--remove", "--config", str(file)]) == 0
    gone = ["ha/device/house-edged_place_pantry/config", "house/edged/place/pantry/mood"]
    assert capsys.readouterr().out.splitlines() == gone
    assert mosquitto.retained("ha") == announced(config, "kitchen")
    assert main(["discovery", "--place", "pantry", "--hub", "--remove", "--config", str(file)]) == 0
    assert mosquitto.retained("ha") == {}
    assert mosquitto.retained("house").keys() == {"house/edged/place/kitchen/mood"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--place", "pantry"], "--place is 'pantry', expected one of hub.places in .*hub.yaml, or --remove"),
        (["--place", "+", "--remove"], "--place is '[+]', expected at most 64 of a-z A-Z 0-9 _ -"),
        (["--place", "", "--remove"], "--place is '', expected at most 64 of a-z A-Z 0-9 _ -"),
    ],
)
def test_no_place(file: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, status 64, and nothing is published: a wildcard would take every device with it."""
    assert main(["discovery", *arguments, "--config", str(file)]) == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(f"edged: {message}", line)


def test_config_without_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only a config of a hub has places."""
    (file := tmp_path / "config.yaml").write_text("node: hall\n")
    assert main(["discovery", "--hub", "--config", str(file)]) == 78
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"edged: {file}: hub.places is empty, expected at least one place"
