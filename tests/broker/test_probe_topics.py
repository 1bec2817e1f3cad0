"""The last stages of ``edged check`` with a real mosquitto: topics and sizes, alone or beside the daemon."""

import os
import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from edged.host.instance_lock import InstanceLock
from edged.mqtt.publisher import Publisher
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto
from tests.parts.broker.probed import LAB, NAMES, stage_results
from tests.parts.system.program import edged

__all__ = ["idle_mosquitto", "mosquitto"]


@pytest.mark.parametrize(
    ("rules", "protocol", "fault"),
    [
        ("topic read #", "v3.1.1", "edged/lab/check does not come back, so the broker forbids writing or reading it"),
        ("topic write #", "v5", "edged/lab/check does not come back, so the broker forbids writing or reading it"),
        ("topic read #", "v5", "the broker forbids writing edged/lab/check (not authorized)"),
    ],
)
def test_forbidden_topic(idle_mosquitto: Mosquitto, rules: str, protocol: str, fault: str) -> None:
    """MQTT 3.1.1 reports no refusal: the missing echo reveals it."""
    idle_mosquitto.start(further=idle_mosquitto.access(rules))
    results = stage_results(msgspec.structs.replace(idle_mosquitto.mqtt, protocol=protocol))
    assert list(results) == NAMES[:5]
    assert results["topics"] == f"FAULT {fault}: `edged acl` prints the rules for mosquitto"


def test_forbidden_subscription(idle_mosquitto: Mosquitto) -> None:
    """The broker refuses the subscription at once."""
    idle_mosquitto.start_refusing()
    results = stage_results(idle_mosquitto.mqtt)
    assert (
        results["topics"]
        == "FAULT the broker forbids reading edged/lab/check: `edged acl` prints the rules for mosquitto"
    )


def test_daemon_that_runs_is_not_thrown_out(mosquitto: Mosquitto) -> None:
    """The check uses another client id, says so, and leaves the daemon's availability alone."""
    with Publisher(mosquitto.mqtt, "lab") as publisher:
        assert publisher.wait_connected(WITHIN_S)
        results = stage_results(mosquitto.mqtt, replace(LAB, pid=412))
        assert list(results) == NAMES
        assert results["login"].startswith("without a user name, MQTT 3.1.1, client id edged-check-")
        assert results["login"].endswith(", beside edged, which runs here, pid 412")
        assert mosquitto.retained() == {"edged/lab/availability": b"online"}
        assert publisher.connected
        assert publisher.status.reconnects == 0


def test_check_beside_a_daemon_skips_what_it_cannot_try(idle_mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The line has the reason, and the status depends only on the other parts."""
    idle_mosquitto.start(further=["clientid_prefixes edged-lab-"])
    config = tmp_path / "config.yaml"
    muted = "audio: {muted: true}"  # so that no microphone is needed
    config.write_text(f"node: lab\nmqtt: {{host: 127.0.0.1, port: {idle_mosquitto.port}}}\n{muted}\n")
    alone = edged("check", "--config", config)
    assert (alone.returncode, "FAIL" in alone.stdout) == (0, False), alone.stdout
    assert re.search(r"^broker sizes +OK +\d{4,} bytes there and back$", alone.stdout, re.MULTILINE)
    with InstanceLock("lab", "edged", idle_mosquitto.port):
        beside = edged("check", "--config", config)
    assert beside.returncode == 0
    assert beside.stdout.splitlines()[-1] == (
        f"broker login  SKIP  edged runs here, pid {os.getpid()}, and the broker refuses a second client"
    )


@pytest.mark.parametrize("option", ["max_packet_size", "message_size_limit"])
@pytest.mark.parametrize("protocol", ["v3.1.1", "v5"])
def test_limit_on_sizes_is_found(idle_mosquitto: Mosquitto, option: str, protocol: str) -> None:
    """If only discovery in one message is too large the check passes, since it is sent in parts."""
    idle_mosquitto.start(further=[f"{option} 2000"])
    mqtt = msgspec.structs.replace(idle_mosquitto.mqtt, protocol=protocol)
    assert stage_results(mqtt)["sizes"] == (
        "1500 bytes there and back; the broker takes no message of 9400 bytes, so Home Assistant's discovery goes out"
        " in parts"
    )
    assert stage_results(mqtt, replace(LAB, sizes={"info": 3000}))["sizes"] == (
        "FAULT the broker takes no message of 3000 bytes, the size of info: max_packet_size and message_size_limit in"
        " mosquitto.conf"
    )
