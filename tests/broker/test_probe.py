"""The stages of ``edged check`` against a real mosquitto: each fault is found in its stage, and what to do is said."""

import os
import re
import socket
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from edged.config.structs import Mqtt
from edged.errors import ConfigError, PublishError
from edged.host.identity import client_id
from edged.host.instance_lock import InstanceLock
from edged.mqtt.probe import LiveClient, SkippedError, stages
from edged.mqtt.publisher import Publisher
from tests.parts.broker.certificates import Authority, authority, stranger
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, free_port, idle_mosquitto, mosquitto
from tests.parts.system.program import edged

__all__ = ["authority", "idle_mosquitto", "mosquitto", "stranger"]

_NAMES = ["name", "TCP", "TLS", "login", "topics", "sizes"]
LAB = LiveClient(node="lab", filters=("edged/lab/info",), sizes={"info": 1500}, discovery=(9400, 900))


def tried(mqtt: Mqtt, live: LiveClient = LAB) -> dict[str, str]:
    """What each stage found for a node lab, up to the first that failed, whose message begins with FAULT."""
    found = {}
    for name, attempt in stages(mqtt, live):
        try:
            found[name] = attempt()
        except PublishError as exc:
            found[name] = f"FAULT {exc}"
            break
    return found


def as_ann(mqtt: Mqtt, folder: Path, password: str) -> Mqtt:
    """The same broker, for ann with ``password``."""
    file = folder / "ann's password"
    file.write_text(password)
    return msgspec.structs.replace(mqtt, username="ann", password_file=str(file))


def test_all_is_well_with_tls_and_a_login(idle_mosquitto: Mosquitto, authority: Authority, tmp_path: Path) -> None:
    """Each stage tells what it found: address, version and certificate, user, topic."""
    idle_mosquitto.start({"ann": "right"}, authority.lines())
    mqtt = msgspec.structs.replace(idle_mosquitto.mqtt, tls="on", ca_file=authority.ca_file, host="127.0.0.1")
    found = tried(as_ann(mqtt, tmp_path, "right"))
    assert list(found) == _NAMES
    assert found["name"] == "127.0.0.1: 127.0.0.1"
    assert found["TCP"] == f"127.0.0.1 port {mqtt.port}"
    assert found["TLS"].startswith("TLSv1.3, certificate of 127.0.0.1, ")
    assert found["TLS"].endswith(" days left")
    assert found["login"] == f"as ann, MQTT 3.1.1, client id {client_id('lab')}"
    assert found["topics"].startswith("edged/lab/check there and back in ")
    assert found["sizes"] == "9400 bytes there and back"


def test_name_that_is_none() -> None:
    """Reserved for names that are nowhere; no network is asked in vain for what follows."""
    found = tried(Mqtt(host="nowhere.invalid"))
    assert list(found) == ["name"]
    assert found["name"].startswith("FAULT mqtt.host is 'nowhere.invalid': ")


def test_port_where_nothing_listens() -> None:
    """The name is right."""
    port = free_port()
    found = tried(Mqtt(host="127.0.0.1", port=port))
    assert list(found) == _NAMES[:2]
    assert found["TCP"] == f"FAULT 127.0.0.1:{port}: Connection refused: does the broker run, is mqtt.port right?"


def test_certificate_of_another_ca(idle_mosquitto: Mosquitto, authority: Authority, stranger: Authority) -> None:
    """The stage of TLS, with the same words as in the daemon's log."""
    idle_mosquitto.start(further=stranger.lines())
    found = tried(msgspec.structs.replace(idle_mosquitto.mqtt, tls="on", ca_file=authority.ca_file))
    assert list(found) == _NAMES[:3]
    assert found["TLS"].startswith("FAULT the broker's certificate is from a CA that is not in ")


def test_insecure_and_none_are_said(idle_mosquitto: Mosquitto, stranger: Authority) -> None:
    """Both work, and both lines say what that means."""
    idle_mosquitto.start(further=stranger.lines(expired=True))
    insecure = "anyone may pretend to be the broker"
    found = tried(msgspec.structs.replace(idle_mosquitto.mqtt, tls="on", insecure=insecure))
    assert list(found) == _NAMES
    assert found["TLS"] == f"TLSv1.3, but insecure: {insecure} (mqtt.insecure)"
    idle_mosquitto.stop()
    idle_mosquitto.start()
    assert tried(idle_mosquitto.mqtt)["TLS"].startswith("off: ")


def test_client_certificate_that_is_wanted_is_missed_at_the_login(
    idle_mosquitto: Mosquitto, authority: Authority
) -> None:
    """TLS 1.3 tells of it only after its handshake."""
    idle_mosquitto.start(further=authority.lines(wants_certificate=True))
    found = tried(msgspec.structs.replace(idle_mosquitto.mqtt, tls="on", ca_file=authority.ca_file))
    assert list(found) == _NAMES[:4]
    assert "the broker requires a client certificate: mqtt.cert_file" in found["login"]


def test_file_that_cannot_be_read_is_a_config_error(mosquitto: Mosquitto) -> None:
    """The stage raises what the daemon would, with its exit status."""
    with pytest.raises(ConfigError, match=r"mqtt\.ca_file is '/a': No such file"):
        tried(msgspec.structs.replace(mosquitto.mqtt, tls="on", ca_file="/a"))


def test_wrong_password(idle_mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The password is not in the message."""
    idle_mosquitto.start({"ann": "right"})
    found = tried(as_ann(idle_mosquitto.mqtt, tmp_path, "mistyped"))
    assert list(found) == _NAMES[:4]
    assert found["login"] == "FAULT not authorised: mqtt.username and mqtt.password_file"


@pytest.mark.parametrize(
    ("rules", "protocol", "fault"),
    [
        ("topic read #", "v3.1.1", "edged/lab/check does not come back, so the broker forbids to write or to read it"),
        ("topic write #", "v5", "edged/lab/check does not come back, so the broker forbids to write or to read it"),
        ("topic read #", "v5", "the broker forbids to write edged/lab/check (not authorized)"),
    ],
)
def test_forbidden_topic(idle_mosquitto: Mosquitto, rules: str, protocol: str, fault: str) -> None:
    """MQTT 3.1.1 has no word for it: the missing echo tells."""
    idle_mosquitto.start(further=idle_mosquitto.access(rules))
    found = tried(msgspec.structs.replace(idle_mosquitto.mqtt, protocol=protocol))
    assert list(found) == _NAMES[:5]
    assert found["topics"] == f"FAULT {fault}: `edged acl` prints the rules for mosquitto"


def test_forbidden_subscription(idle_mosquitto: Mosquitto) -> None:
    """A broker that says so at once."""
    idle_mosquitto.start_refusing()
    found = tried(idle_mosquitto.mqtt)
    assert (
        found["topics"]
        == "FAULT the broker forbids to read edged/lab/check: `edged acl` prints the rules for mosquitto"
    )


def test_daemon_that_runs_is_not_thrown_out(mosquitto: Mosquitto) -> None:
    """Another client beside it, which says so, and leaves its availability alone."""
    with Publisher(mosquitto.mqtt, "lab") as publisher:
        assert publisher.wait_connected(WITHIN_S)
        found = tried(mosquitto.mqtt, replace(LAB, pid=412))
        assert list(found) == _NAMES
        assert found["login"].startswith("without a user name, MQTT 3.1.1, client id edged-check-")
        assert found["login"].endswith(", beside edged, which runs here, pid 412")
        assert mosquitto.retained() == {"edged/lab/availability": b"online"}
        assert publisher.connected
        assert publisher.status.reconnects == 0


def test_login_is_that_of_the_daemon(idle_mosquitto: Mosquitto) -> None:
    """A broker that admits by client id admits it; a daemon that runs cannot be stood in for, which is no failure."""
    idle_mosquitto.start(further=["clientid_prefixes edged-lab-"])
    assert list(tried(idle_mosquitto.mqtt)) == _NAMES
    running = replace(LAB, pid=412)
    with pytest.raises(SkippedError, match="edged runs here, pid 412, and the broker refuses a second client"):
        tried(idle_mosquitto.mqtt, running)
    idle_mosquitto.stop()
    idle_mosquitto.start(further=["clientid_prefixes another"])
    found = tried(idle_mosquitto.mqtt)
    assert found["login"] == (
        "FAULT not authorised: does it expect a login (mqtt.username) or another client id (node)?"
    )


def test_check_beside_a_daemon_skips_what_it_cannot_try(idle_mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The line says why, and it is no failure: the status is that of the other parts."""
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


@pytest.mark.parametrize(
    ("protocol", "fault"),
    [
        (
            "v3.1.1",
            "closed before it answered: does it reject the client id {} or retained messages?",
        ),
        ("v5", "it keeps no retained messages: mosquitto's retain_available"),
    ],
)
def test_broker_that_keeps_nothing_fails_as_the_daemon_would(
    idle_mosquitto: Mosquitto, protocol: str, fault: str
) -> None:
    """The will is retained; that port speaks no TLS, so TLS is not suspected."""
    idle_mosquitto.start(further=["retain_available false"])
    mqtt = msgspec.structs.replace(idle_mosquitto.mqtt, protocol=protocol)
    assert tried(mqtt)["login"] == f"FAULT {fault.format(client_id('lab'))}"
    with Publisher(mqtt, "lab") as publisher:
        assert not publisher.wait_connected(1)


def test_port_that_expects_tls_is_known_by_its_handshake(idle_mosquitto: Mosquitto, authority: Authority) -> None:
    """Even where it would ask for a client certificate."""
    for wants_certificate in (False, True):
        idle_mosquitto.start(further=authority.lines(wants_certificate=wants_certificate))
        found = tried(idle_mosquitto.mqtt)
        assert found["login"] == "FAULT the broker expects TLS on this port: mqtt.tls: on, or another mqtt.port"
        idle_mosquitto.stop()


@pytest.mark.parametrize("option", ["max_packet_size", "message_size_limit"])
@pytest.mark.parametrize("protocol", ["v3.1.1", "v5"])
def test_limit_on_sizes_is_found(idle_mosquitto: Mosquitto, option: str, protocol: str) -> None:
    """Where only the discovery in one message is too large all is well, since it goes out in parts."""
    idle_mosquitto.start(further=[f"{option} 2000"])
    mqtt = msgspec.structs.replace(idle_mosquitto.mqtt, protocol=protocol)
    assert tried(mqtt)["sizes"] == (
        "1500 bytes there and back; the broker takes no message of 9400 bytes, so Home Assistant's discovery goes out"
        " in parts"
    )
    assert tried(mqtt, replace(LAB, sizes={"info": 3000}))["sizes"] == (
        "FAULT the broker takes no message of 3000 bytes, as info has: max_packet_size and message_size_limit in"
        " mosquitto.conf"
    )


def test_server_that_says_nothing_is_given_up() -> None:
    """An open port that is no broker."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = tried(Mqtt(host="127.0.0.1", port=server.getsockname()[1]))
    assert list(found) == _NAMES[:4]
    assert found["login"] == "FAULT no answer yet"
