"""Removing everything retained for a device, with a real mosquitto."""

import pytest

from edged.cli.broker.removal import remove
from edged.config.structs import Mqtt
from edged.errors import PublishError
from edged.homeassistant.discovery import messages
from edged.homeassistant.entity import Device
from edged.mqtt.connection import Connection
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, free_port, idle_mosquitto, mosquitto, wait_until

__all__ = ["idle_mosquitto", "mosquitto"]

KITCHEN = Device(node="kitchen", device_id="0123456789abcdef", labels=("angry", "sad"), version="0.1.0")
HALL = Device(node="hall", device_id="0123456789abcdef", labels=("angry", "sad"), version="0.1.0")


def test_everything_of_this_device_goes(mosquitto: Mosquitto) -> None:
    """Both kinds are removed, also of an earlier bundle; another device's messages stay."""
    old, hall = messages(KITCHEN, "component", "homeassistant"), messages(HALL, "device", "homeassistant")
    known = messages(KITCHEN, "device", "homeassistant")
    there = {**old, **known, **hall}
    confirmed: list[int] = []
    with Connection(mosquitto.mqtt, "before", on_acknowledged=confirmed.append) as connection:
        assert connection.wait_connected(WITHIN_S)
        for topic, payload in there.items():
            connection.send(topic, payload, 1, retained=True)
        wait_until(lambda: len(confirmed) == len(there), "all of it at the broker")
    assert mosquitto.retained("homeassistant") == there
    assert remove(mosquitto.mqtt, [KITCHEN.identifier], "homeassistant", known) == sorted({*old, *known})
    assert mosquitto.retained("homeassistant") == hall


def test_nothing_there_is_no_fault(mosquitto: Mosquitto) -> None:
    """A second removal succeeds."""
    assert remove(mosquitto.mqtt, [KITCHEN.identifier], "homeassistant", []) == []


def test_absent_broker_is_an_error() -> None:
    """The error has the address and comes within seconds."""
    port = free_port()
    with pytest.raises(PublishError, match=f"broker 127.0.0.1:{port}: .*, expected one that accepts messages"):
        remove(Mqtt(host="127.0.0.1", port=port), [KITCHEN.identifier], "homeassistant", [])
