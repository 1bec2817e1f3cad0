"""``edged acl --hub`` in a real mosquitto: the hub, its check, its agent's actions and ``edged mcp`` need no more."""

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from edged.cli.broker.acl import hub_access_list
from edged.cli.broker.hub import run_hub
from edged.config.load import parse_config
from edged.config.structs import Config, Mqtt
from edged.contract.payloads import encoded
from edged.errors import UsageError
from edged.mqtt.connection import Connection
from tests.parts.broker.hub import node_state
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, wait_until
from tests.parts.system.program import assert_one_line, edged

if TYPE_CHECKING:
    from edged.contract.topics import Received

__all__ = ["idle_mosquitto"]

_ALL = "user all\ntopic readwrite #\n"
_SECTION = """
hub:
  name: hub-1
  places:
    kitchen: {voice: [mic], hold_s: 0, inputs: [{kind: label, topic: cam/kitchen}]}
    hall: {inputs: [{preset: rhasspy, where: {siteId: hall}}]}
  agent: {base_url: "http://127.0.0.1:1/v1", model: m}
  actions:
    lamp: {description: lamp, topic: lamp/set, payload: {state: "ON"}}
    call: {description: a request, url: "http://127.0.0.1:1/"}
"""


def ruled(broker: Mosquitto, folder: Path) -> tuple[Config, Mqtt]:
    """Start a broker with the list of a hub; its config, and the login of a user who may do anything."""
    config = parse_config(_SECTION, "hub.yaml")
    broker.start({"edged": "1", "all": "1"}, broker.access(hub_access_list(config, "edged") + _ALL))
    password = folder / "password"
    password.write_text("1")
    login = msgspec.structs.replace(broker.mqtt, password_file=str(password))
    mine, everyone = (msgspec.structs.replace(login, username=user) for user in ("edged", "all"))
    return msgspec.structs.replace(config, mqtt=mine), everyone


def test_hub_does_all_that_it_does(idle_mosquitto: Mosquitto, tmp_path: Path) -> None:
    """It reads voice and labels, and publishes moods, events, what the agent decided, metrics and discovery."""
    config, everyone = ruled(idle_mosquitto, tmp_path)
    stop = threading.Event()
    hub = threading.Thread(target=run_hub, args=(config, "hub-1", stop))
    received: list[Received] = []
    with Connection(everyone, "test-all", subscriptions=["#"], on_received=received.append) as others:
        assert others.wait_connected(WITHIN_S)

        def has(topic: str, part: bytes) -> bool:
            return any(one.topic == topic and part in one.payload for one in received)

        hub.start()
        try:
            wait_until(lambda: has("edged/place/kitchen/mood", b'"none"'), "the first mood")
            wait_until(lambda: has("homeassistant/device/edged_place_hall/config", b'"hall"'), "discovery")
            others.send("edged/mic/emotion", encoded(node_state("angry", time.time())), 1, retained=False)
            wait_until(lambda: has("edged/place/kitchen/mood", b'"voice"'), "a mood by voice")
            others.send("cam/kitchen", b"angry", 1, retained=False)
            wait_until(lambda: has("edged/place/kitchen/mood", b'"face"'), "a mood by voice and face")
            wait_until(lambda: has("edged/place/kitchen/event/mood", b'"angry"'), "its event")
            wait_until(lambda: has("edged/place/kitchen/agent", b'"failed"'), "the agent, whose server is absent")
            wait_until(lambda: has("edged/hub-1/hub", b'"places":2'), "the metrics")
            assert has("edged/hub-1/availability", b"online")
        finally:
            stop.set()
            hub.join(WITHIN_S)
        wait_until(lambda: has("edged/hub-1/availability", b"offline"), "its end")
    assert not hub.is_alive()


def test_hub_writes_and_reads_nothing_else(idle_mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Of other topics nothing arrives, in either direction; `edged mcp` reads the moods with the same user."""
    config, everyone = ruled(idle_mosquitto, tmp_path)
    writable = ["lamp/set", "edged/place/hall/mood", "homeassistant/event/edged_place_hall/event_mood/config"]
    foreign = ["lamp/get", "edged/place/cellar/mood", "edged/mic/emotion", "edged/mic/cmd/mute", "cam/kitchen"]
    readable = ["edged/mic/emotion", "hermes/asr/textCaptured", "cam/kitchen", "edged/place/hall/mood"]
    unreadable = ["edged/mic/health", "edged/mic/event/start", "hermes/tts/say", "cam/hall", "lamp/set"]
    got: dict[str, list[str]] = {"edged": [], "all": []}

    def connection(mqtt: Mqtt) -> Connection:
        topics = got[mqtt.username]
        name = f"test-{mqtt.username}"
        return Connection(mqtt, name, subscriptions=["#"], on_received=lambda one: topics.append(one.topic))

    with connection(config.mqtt) as hub, connection(everyone) as all_:
        assert hub.wait_connected(WITHIN_S)
        assert all_.wait_connected(WITHIN_S)
        for topic in [*foreign, *writable]:
            hub.send(topic, b"1", 1, retained=False)
        wait_until(lambda: got["all"][-1:] == writable[-1:], "the last of what the hub may write")
        assert got["all"] == writable
        wait_until(lambda: got["edged"] == writable[1:], "its own mood and discovery, which it may read")
        got["edged"].clear()
        for topic in [*unreadable, *readable]:
            all_.send(topic, b"1", 1, retained=False)
        wait_until(lambda: got["edged"][-1:] == readable[-1:], "the last of what the hub may read")
        assert got["edged"] == readable


def test_check_passes(idle_mosquitto: Mosquitto, tmp_path: Path) -> None:
    """`edged check --hub` needs no rights beyond the list."""
    config, _ = ruled(idle_mosquitto, tmp_path)
    file, mqtt = tmp_path / "hub.yaml", config.mqtt
    login = f"username: edged, password_file: {mqtt.password_file}"
    file.write_text(f"mqtt: {{host: 127.0.0.1, port: {mqtt.port}, {login}}}{_SECTION}")
    done = edged("check", "--hub", "--config", file)
    assert (done.returncode, "FAIL" in done.stdout) == (0, False), done.stdout
    printed = edged("acl", "--hub", "--config", file)
    assert printed.stdout == hub_access_list(config)


def test_every_part_is_covered() -> None:
    """Hubs that divide the places may share a user; root, prefix and name are the config's."""
    section = _SECTION.replace(
        "hub:\n", "mqtt: {root: r, username: u}\nhomeassistant: {prefix: ha}\nhub:\n  part: 2/2\n"
    )
    text = hub_access_list(parse_config(section, "hub.yaml"))
    assert "\nuser u\n" in text
    for line in ("r/place/kitchen/mood", "r/place/hall/mood", "ha/device/r_place_hall/config"):
        assert f"\ntopic readwrite {line}\n" in text
    assert "\ntopic read ha/status\n" in text
    assert "\ntopic write r/other/hub\n" in hub_access_list(parse_config(section, "hub.yaml"), name="other")
    off = hub_access_list(parse_config(section.replace("prefix: ha", 'discovery: "off"'), "hub.yaml"))
    assert "_place_" not in off
    assert "status" not in off


def test_without_an_agent_nothing_is_written_for_it() -> None:
    """Neither its decisions nor its actions."""
    section = "\n".join(line for line in _SECTION.splitlines() if "agent:" not in line)
    text = hub_access_list(parse_config(section, "hub.yaml"), "edged")
    assert "/agent" not in text
    assert "lamp/set" not in text


@pytest.mark.parametrize("topic", ["cam/kitchen ", " cam", "a\\u2028b"])
def test_topic_that_the_file_cannot_name_is_wrong_use(topic: str) -> None:
    """mosquitto would cut the blank off and allow another topic."""
    config = parse_config(_SECTION.replace("topic: cam/kitchen", f'topic: "{topic}"'), "hub.yaml")
    with pytest.raises(UsageError, match=r"topic is .*expected printable characters without spaces around them"):
        hub_access_list(config, "edged")


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--hub"], 78, "hub.places is empty, expected at least one place"),
        (["--hub", "--pattern"], 64, "--pattern covers all devices"),
    ],
)
def test_wrong_use(tmp_path: Path, arguments: list[str], status: int, words: str) -> None:
    """One line."""
    (tmp_path / "c.yaml").write_text("node: a")
    assert_one_line(edged("acl", *arguments, "--config", tmp_path / "c.yaml"), status, words)


@pytest.mark.parametrize("name", ["+", "a/b", "a\ntopic readwrite #"])
def test_name_that_is_none_is_wrong_use(name: str) -> None:
    """A wildcard would match other hubs and devices."""
    with pytest.raises(UsageError, match=r"hub is .*expected at most 64"):
        hub_access_list(parse_config(_SECTION, "hub.yaml"), "edged", name)
