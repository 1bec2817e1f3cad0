"""The printed access list in a real mosquitto: a device can use its own topics and no others."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from edged.cli.broker.acl import access_list, access_pattern
from edged.config.structs import Config, HomeAssistant, Mqtt
from edged.contract.topics import TOPICS, Received
from edged.errors import UsageError
from edged.homeassistant.discovery import filters
from edged.homeassistant.entity import Device
from edged.host.identity import device_id
from edged.mqtt.connection import Connection
from edged.mqtt.probe import LiveClient, stages
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, wait_until
from tests.parts.system.program import assert_one_line, edged

__all__ = ["idle_mosquitto"]

_ALL = "user all\ntopic readwrite #\n"
_IDENTIFIER = Device(node="kitchen", device_id=device_id(), labels=(), version="").identifier


def start(broker: Mosquitto, rules: str) -> None:
    """Start the broker with ``rules`` and a user who may do anything."""
    broker.start({"kitchen": "1", "all": "1"}, broker.access(rules + _ALL))


def login(broker: Mosquitto, folder: Path, user: str) -> Mqtt:
    """The config of ``user``."""
    file = folder / f"{user}'s password"
    file.write_text("1")
    return msgspec.structs.replace(broker.mqtt, username=user, password_file=str(file))


@contextmanager
def client(mqtt: Mqtt, topic_filter: str) -> Iterator[tuple[Connection, list[Received]]]:
    """A connection, and the messages it receives for ``topic_filter``."""
    received: list[Received] = []
    with Connection(
        mqtt, f"test-{mqtt.username}", subscriptions=[topic_filter], on_received=received.append
    ) as connection:
        assert connection.wait_connected(WITHIN_S)
        yield connection, received


def arrived(broker: Mosquitto, folder: Path, topics: list[str]) -> list[str]:
    """Those of ``topics`` that arrive when kitchen publishes on them and then its state."""
    last = "edged/kitchen/emotion"
    with (
        client(login(broker, folder, "all"), "#") as (_, received),
        client(login(broker, folder, "kitchen"), "none") as (kitchen, _),
    ):
        for topic in [*topics, last]:
            kitchen.send(topic, b"1", 1, retained=False)
        wait_until(lambda: received and received[-1].topic == last, "the last of them")
    return [message.topic for message in received[:-1]]


@pytest.mark.parametrize("pattern", [False, True])
def test_device_writes_its_own_topics_and_no_others(idle_mosquitto: Mosquitto, tmp_path: Path, pattern: bool) -> None:  # noqa: FBT001 -- a test's parameter
    """It can publish on every topic of the contract, and on none of another node, root or user."""
    config = Config(node="kitchen")
    start(idle_mosquitto, access_pattern(config) if pattern else access_list(config, "kitchen"))
    allowed = [f"edged/kitchen/{topic.name}".replace("<name>", "mute") for topic in TOPICS]
    others = ["edged/hall/emotion", "other/kitchen/emotion", "edged/kitchen/other", "edged/kitchen/cmd/mute", "x"]
    discovery = [one.replace("+", "x") for one in filters(_IDENTIFIER, "homeassistant")]
    foreign = ["homeassistant/device/edged_other/config", "homeassistant/status"]
    expected = allowed if pattern else [*allowed, *discovery]
    assert arrived(idle_mosquitto, tmp_path, [*allowed, *others, *discovery, *foreign]) == expected


def test_device_reads_its_commands_and_no_other_devices(idle_mosquitto: Mosquitto, tmp_path: Path) -> None:
    """It can read its commands, its own info, and Home Assistant's birth."""
    start(idle_mosquitto, access_list(Config(node="kitchen"), "kitchen"))
    readable = ["edged/kitchen/cmd/mute", "edged/kitchen/info", "homeassistant/status"]
    with (
        client(login(idle_mosquitto, tmp_path, "kitchen"), "#") as (_, received),
        client(login(idle_mosquitto, tmp_path, "all"), "none") as (everyone, _),
    ):
        for topic in ["edged/hall/emotion", "edged/hall/cmd/mute", "edged/kitchen/emotion", "x", *readable]:
            everyone.send(topic, b"1", 1, retained=False)
        wait_until(lambda: received and received[-1].topic == readable[-1], "the last of them")
    assert [message.topic for message in received] == readable


@pytest.mark.parametrize("pattern", [False, True])
def test_check_passes(idle_mosquitto: Mosquitto, tmp_path: Path, pattern: bool) -> None:  # noqa: FBT001 -- a test's parameter
    """`edged check` needs no rights beyond the list."""
    config = Config(node="kitchen")
    start(idle_mosquitto, access_pattern(config) if pattern else access_list(config, "kitchen"))
    mqtt = login(idle_mosquitto, tmp_path, "kitchen")
    live = LiveClient(node="kitchen", filters=("edged/kitchen/info", "edged/kitchen/cmd/+"), discovery=(9400, 900))
    results = [attempt() for _, attempt in stages(mqtt, live)]
    assert results[-2].startswith("edged/kitchen/check there and back")
    assert results[-1] == "9400 bytes there and back"


def test_list_follows_the_config() -> None:
    """Root, prefix, node and user come from the config; without discovery Home Assistant's topics are left out."""
    mqtt = Mqtt(root="home/edged", username="ann")
    text = access_list(Config(node="hall", mqtt=mqtt, homeassistant=HomeAssistant(prefix="ha")))
    assert "\nuser ann\n" in text
    assert "\ntopic write home/edged/hall/emotion\n" in text
    assert "\ntopic read ha/status\n" in text
    without = Config(mqtt=mqtt, homeassistant=HomeAssistant(discovery="off"))
    assert "status" not in access_list(without) + access_pattern(without)
    assert "cmd/" in text
    assert "cmd/" not in access_list(Config(mqtt=msgspec.structs.replace(mqtt, commands="off")))
    assert "/attic/emotion\n" in access_list(without, node="attic")


@pytest.mark.parametrize("user", ["", "a\ntopic readwrite #", " a"])
def test_user_that_the_file_cannot_name_is_wrong_use(user: str) -> None:
    """A line break in a name would inject a rule."""
    with pytest.raises(UsageError, match=r"expected a user name|expected printable"):
        access_list(Config(), user)


@pytest.mark.parametrize("option", ["--user", "--node"])
def test_pattern_for_one_device_is_wrong_use(option: str) -> None:
    """A list for all devices that was meant for one would be too wide."""
    assert_one_line(edged("acl", "--pattern", option, "hall"), 64, "--pattern covers all devices")


@pytest.mark.parametrize("node", ["+", "#", "a/b", "a\ntopic readwrite #", "x" * 65])
def test_node_that_is_no_name_is_wrong_use(node: str) -> None:
    """A wildcard would match the topics of all nodes."""
    with pytest.raises(UsageError, match=r"node is .*expected at most 64"):
        access_list(Config(), "kitchen", node)
