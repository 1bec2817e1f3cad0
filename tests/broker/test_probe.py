"""The stages of ``edged check`` against a real mosquitto: each fault is found in its stage, and what to do is said."""

import socket
from pathlib import Path

import msgspec
import pytest

from edged.config.structs import Config, Mqtt
from edged.errors import ConfigError, PublishError
from edged.mqtt.probe import stages
from edged.mqtt.publisher import Publisher
from tests.parts.broker.certificates import Authority, authority, stranger
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, free_port, idle_mosquitto, mosquitto

__all__ = ["authority", "idle_mosquitto", "mosquitto", "stranger"]

_NAMES = ["name", "TCP", "TLS", "login", "topics"]


def tried(mqtt: Mqtt) -> dict[str, str]:
    """What each stage found for a node lab, up to the first that failed, whose message begins with FAULT."""
    found = {}
    for name, attempt in stages(Config(mqtt=mqtt), "lab"):
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
    assert found["login"] == "as ann, MQTT 3.1.1"
    assert found["topics"].startswith("edged/lab/check there and back in ")


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
    assert found["TLS"].startswith("FAULT the broker's certificate is of a CA that is not in ")


def test_insecure_and_none_are_said(idle_mosquitto: Mosquitto, stranger: Authority) -> None:
    """Both work, and both lines say what that means."""
    idle_mosquitto.start(further=stranger.lines(expired=True))
    insecure = "anyone may pretend to be the broker"
    found = tried(msgspec.structs.replace(idle_mosquitto.mqtt, tls="on", insecure=insecure))
    assert list(found) == _NAMES
    assert found["TLS"] == f"TLSv1.3, but insecure: {insecure} (mqtt.insecure)"
    idle_mosquitto.stop()
    idle_mosquitto.start()
    assert tried(idle_mosquitto.mqtt)["TLS"].startswith("none: ")


def test_client_certificate_that_is_wanted_is_missed_at_the_login(
    idle_mosquitto: Mosquitto, authority: Authority
) -> None:
    """TLS 1.3 tells of it only after its handshake."""
    idle_mosquitto.start(further=authority.lines(wants_certificate=True))
    found = tried(msgspec.structs.replace(idle_mosquitto.mqtt, tls="on", ca_file=authority.ca_file))
    assert list(found) == _NAMES[:4]
    assert "the broker wants a client certificate: mqtt.cert_file" in found["login"]


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
    assert list(found) == _NAMES
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
    """The same node, another client."""
    with Publisher(mosquitto.mqtt, "lab") as publisher:
        assert publisher.wait_connected(WITHIN_S)
        assert list(tried(mosquitto.mqtt)) == _NAMES
        assert publisher.connected
        assert publisher.status.reconnects == 0


def test_server_that_says_nothing_is_given_up() -> None:
    """An open port that is no broker."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = tried(Mqtt(host="127.0.0.1", port=server.getsockname()[1]))
    assert list(found) == _NAMES[:4]
    assert found["login"] == "FAULT no answer yet"
