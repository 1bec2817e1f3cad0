"""The stages of ``edged check`` up to the login, with a real mosquitto: each fault is reported with a hint."""

import socket
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from edged.config.structs import Mqtt
from edged.errors import ConfigError
from edged.host.identity import client_id
from edged.mqtt.probe import SkippedError
from edged.mqtt.publisher import Publisher
from tests.parts.broker.certificates import Authority, authority, unknown_authority
from tests.parts.broker.mosquitto import Mosquitto, free_port, idle_mosquitto
from tests.parts.broker.probed import LAB, NAMES, stage_results

__all__ = ["authority", "idle_mosquitto", "unknown_authority"]


def as_ann(mqtt: Mqtt, folder: Path, password: str) -> Mqtt:
    """The same broker as ann with ``password``."""
    file = folder / "ann's password"
    file.write_text(password)
    return msgspec.structs.replace(mqtt, username="ann", password_file=str(file))


def test_all_is_well_with_tls_and_a_login(idle_mosquitto: Mosquitto, authority: Authority, tmp_path: Path) -> None:
    """Each stage reports its result: address, version and certificate, user, topic."""
    idle_mosquitto.start({"ann": "right"}, authority.lines())
    mqtt = msgspec.structs.replace(idle_mosquitto.mqtt, tls="on", ca_file=authority.ca_file, host="127.0.0.1")
    results = stage_results(as_ann(mqtt, tmp_path, "right"))
    assert list(results) == ["files", *NAMES]
    assert results["files"] == "mqtt.password_file, mqtt.ca_file"
    assert results["name"] == "127.0.0.1: 127.0.0.1"
    assert results["TCP"] == f"127.0.0.1 port {mqtt.port}"
    assert results["TLS"].startswith("TLSv1.3, certificate of 127.0.0.1, ")
    assert results["TLS"].endswith(" days left")
    assert results["login"] == f"as ann, MQTT 3.1.1, client id {client_id('lab')}"
    assert results["topics"].startswith("edged/lab/check there and back in ")
    assert results["sizes"] == "9400 bytes there and back"


def test_name_that_is_none() -> None:
    """A reserved name does not resolve, and later stages are not tried."""
    results = stage_results(Mqtt(host="nowhere.invalid"))
    assert list(results) == ["name"]
    assert results["name"].startswith("FAULT mqtt.host is 'nowhere.invalid': ")


def test_port_where_nothing_listens() -> None:
    """The name resolves, the connection is refused."""
    port = free_port()
    results = stage_results(Mqtt(host="127.0.0.1", port=port))
    assert list(results) == NAMES[:2]
    assert results["TCP"] == f"FAULT 127.0.0.1:{port}: Connection refused: does the broker run, is mqtt.port right?"


def test_certificate_of_another_ca(
    idle_mosquitto: Mosquitto, authority: Authority, unknown_authority: Authority
) -> None:
    """The TLS stage fails with the words of the daemon's log."""
    idle_mosquitto.start(further=unknown_authority.lines())
    results = stage_results(msgspec.structs.replace(idle_mosquitto.mqtt, tls="on", ca_file=authority.ca_file))
    assert list(results) == ["files", *NAMES[:3]]
    assert results["TLS"].startswith("FAULT the broker's certificate is from a CA that is not in ")


def test_insecure_and_none_are_reported(idle_mosquitto: Mosquitto, unknown_authority: Authority) -> None:
    """Both work, and both lines say what that means."""
    idle_mosquitto.start(further=unknown_authority.lines(expired=True))
    insecure = "anyone may pretend to be the broker"
    results = stage_results(msgspec.structs.replace(idle_mosquitto.mqtt, tls="on", insecure=insecure))
    assert list(results) == ["files", *NAMES]
    assert results["TLS"] == f"TLSv1.3, but insecure: {insecure} (mqtt.insecure)"
    idle_mosquitto.stop()
    idle_mosquitto.start()
    assert stage_results(idle_mosquitto.mqtt)["TLS"].startswith("off: ")


def test_client_certificate_that_is_wanted_is_missed_at_the_login(
    idle_mosquitto: Mosquitto, authority: Authority
) -> None:
    """With TLS 1.3 the missing certificate shows only after the handshake."""
    idle_mosquitto.start(further=authority.lines(wants_certificate=True))
    results = stage_results(msgspec.structs.replace(idle_mosquitto.mqtt, tls="on", ca_file=authority.ca_file))
    assert list(results) == ["files", *NAMES[:4]]
    assert "the broker requires a client certificate: mqtt.cert_file" in results["login"]


@pytest.mark.parametrize(
    "mqtt",
    [
        Mqtt(host="no-such-host.invalid", username="ann", password_file="/a"),  # noqa: S106 -- a path
        Mqtt(host="no-such-host.invalid", tls="on", ca_file="/a"),
        Mqtt(host="no-such-host.invalid", tls="on", cert_file="/a"),
    ],
)
def test_file_that_cannot_be_read_is_a_config_error(mqtt: Mqtt) -> None:
    """The first stage raises the daemon's error, with its exit status: no network is needed to see that."""
    with pytest.raises(ConfigError, match=r"mqtt\.(password|ca|cert)_file is '/a': No such file"):
        stage_results(mqtt)


def test_wrong_password(idle_mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The message does not contain the password."""
    idle_mosquitto.start({"ann": "right"})
    results = stage_results(as_ann(idle_mosquitto.mqtt, tmp_path, "mistyped"))
    assert list(results) == ["files", *NAMES[:4]]
    assert results["login"] == "FAULT not authorised: are mqtt.username and its password right?"


def test_login_is_that_of_the_daemon(idle_mosquitto: Mosquitto) -> None:
    """A broker that admits by client id admits the check; while the daemon runs, the stage is skipped."""
    idle_mosquitto.start(further=["clientid_prefixes edged-lab-"])
    assert list(stage_results(idle_mosquitto.mqtt)) == NAMES
    running = replace(LAB, pid=412)
    with pytest.raises(SkippedError, match="edged runs here, pid 412, and the broker refuses a second client"):
        stage_results(idle_mosquitto.mqtt, running)
    idle_mosquitto.stop()
    idle_mosquitto.start(further=["clientid_prefixes another"])
    results = stage_results(idle_mosquitto.mqtt)
    assert results["login"] == (
        "FAULT not authorised: does it expect a login (mqtt.username) or another client id (node)?"
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
    """The will is retained; the port speaks no TLS, so TLS is not suspected."""
    idle_mosquitto.start(further=["retain_available false"])
    mqtt = msgspec.structs.replace(idle_mosquitto.mqtt, protocol=protocol)
    assert stage_results(mqtt)["login"] == f"FAULT {fault.format(client_id('lab'))}"
    with Publisher(mqtt, "lab") as publisher:
        assert not publisher.wait_connected(1)


def test_port_that_expects_tls_is_known_by_its_handshake(idle_mosquitto: Mosquitto, authority: Authority) -> None:
    """It is recognised even if it would require a client certificate."""
    for wants_certificate in (False, True):
        idle_mosquitto.start(further=authority.lines(wants_certificate=wants_certificate))
        results = stage_results(idle_mosquitto.mqtt)
        assert results["login"] == "FAULT the broker expects TLS on this port: mqtt.tls: on, or another mqtt.port"
        idle_mosquitto.stop()


def test_server_that_says_nothing_is_given_up() -> None:
    """An open port that is no broker times out."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        results = stage_results(Mqtt(host="127.0.0.1", port=server.getsockname()[1]))
    assert list(results) == NAMES[:4]
    assert results["login"] == "FAULT no answer yet"
