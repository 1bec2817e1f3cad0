"""TLS with a real mosquitto: brokers and clients with right and wrong certificates."""

import logging
from pathlib import Path

import msgspec
import pytest

from edged.config.structs import Mqtt
from edged.contract.topics import EVENT_START
from edged.mqtt.connection import Connection
from edged.mqtt.publisher import Publisher
from edged.mqtt.state import State
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.certificates import Authority, authority, unknown_authority
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.payloads import episode_start
from tests.parts.broker.relay import Relay

__all__ = ["authority", "idle_mosquitto", "mosquitto", "unknown_authority"]

_SPELT_OUT = "anyone may pretend to be the broker"


def secured(broker: Mosquitto, **keys: object) -> Mqtt:
    """Config for ``broker`` with TLS and ``keys``."""
    return msgspec.structs.replace(broker.mqtt, tls="on", **keys)


def reason_for(mqtt: Mqtt, caplog: pytest.LogCaptureFixture) -> str:
    """The reason for the missing connection, which one log line has."""
    caplog.set_level(logging.INFO, logger="edged.mqtt")
    states: list[State] = []
    with Connection(mqtt, "a", on_change=states.append) as connection:
        wait_until(lambda: connection.state is State.UNTRUSTED, "untrusted")
        assert connection.send("edged/a/emotion", b"1", 1, retained=True) is None
        reason = connection.reason
    assert states == [State.UNTRUSTED]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert caplog.messages[0].endswith(f": no trusted connection ({reason}), trying again")
    return reason


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_broker_of_the_right_ca_is_verified(idle_mosquitto: Mosquitto, authority: Authority, version: str) -> None:
    """With the CA file messages are sent, and ``tls`` reports a verified broker."""
    idle_mosquitto.environment = authority.newest(version)
    idle_mosquitto.start(further=authority.lines())
    acknowledged: list[int] = []
    mqtt = secured(idle_mosquitto, ca_file=authority.ca_file)
    with Connection(mqtt, "a", on_acknowledged=acknowledged.append) as connection:
        assert connection.wait_connected(WITHIN_S)
        mid = connection.send("edged/a/emotion", b"1" * 100_000, 1, retained=True)
        wait_until(lambda: acknowledged == [mid], "acknowledged")
        assert connection.tls == "verified"


@pytest.mark.parametrize("protocol", ["v3.1.1", "v5"])
def test_events_survive_a_broker_killed_under_tls(
    idle_mosquitto: Mosquitto, authority: Authority, protocol: str
) -> None:
    """The socket breaks within TLS; no event is lost, duplicated or reordered."""
    idle_mosquitto.start(further=authority.lines())
    mqtt = secured(idle_mosquitto, ca_file=authority.ca_file, protocol=protocol)
    starts: list[float] = []
    with (
        Relay(mqtt.port).start() as relay,  # so that the subscriber reconnects first: this broker stores nothing
        Subscriber(mqtt, "a") as subscriber,
        Publisher(msgspec.structs.replace(mqtt, port=relay.port), "a") as publisher,
    ):

        def received(count: int) -> bool:
            if (message := subscriber.received(0.1)) and message.topic == "edged/a/event/start":
                starts.append(msgspec.json.decode(message.payload)["start_s"])
            return len(starts) >= count

        assert subscriber.wait_connected(WITHIN_S)
        for number in range(10):
            publisher.publish(EVENT_START, episode_start("sad", number))
        wait_until(lambda: received(10), "the first ten")
        relay.lets_in = False
        idle_mosquitto.kill()
        for number in range(10, 20):
            publisher.publish(EVENT_START, episode_start("sad", number))
        wait_until(lambda: not publisher.connected and not subscriber.connected, "lost")
        assert publisher.status.tls == "verified"
        waited = publisher.unacknowledged
        idle_mosquitto.start(further=authority.lines())
        assert subscriber.wait_connected(WITHIN_S)
        relay.lets_in = True
        wait_until(lambda: received(20), "the other ten")
    assert waited >= 10
    assert starts == [float(number) for number in range(20)]


def test_broker_of_another_ca_is_not_trusted(
    idle_mosquitto: Mosquitto, authority: Authority, unknown_authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """The CA file is of another CA."""
    idle_mosquitto.start(further=unknown_authority.lines())
    reason = reason_for(secured(idle_mosquitto, ca_file=authority.ca_file), caplog)
    assert reason == f"the broker's certificate is from a CA that is not in {authority.ca_file}: mqtt.ca_file"


def test_broker_of_a_home_ca_is_not_in_the_systems(
    idle_mosquitto: Mosquitto, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a CA file the system's CAs are trusted."""
    idle_mosquitto.start(further=authority.lines())
    reason = reason_for(secured(idle_mosquitto), caplog)
    assert reason == "the broker's certificate is from a CA that is not in the system's CAs: mqtt.ca_file"


def test_expired_certificate_is_not_trusted_until_it_is_renewed(
    idle_mosquitto: Mosquitto, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """Once the broker has a new certificate the same connection succeeds."""
    idle_mosquitto.start(further=authority.lines(expired=True))
    mqtt = secured(idle_mosquitto, ca_file=authority.ca_file)
    assert reason_for(mqtt, caplog).startswith("the broker's certificate has expired: renew it there")
    with Connection(mqtt, "a") as connection:
        wait_until(lambda: connection.state is State.UNTRUSTED, "untrusted")
        idle_mosquitto.stop()
        idle_mosquitto.start(further=authority.lines())
        assert connection.wait_connected(WITHIN_S)


def test_certificate_for_another_name_is_not_trusted(
    idle_mosquitto: Mosquitto, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """The CA is right, the name is wrong."""
    idle_mosquitto.start(further=authority.lines("other.example"))
    reason = reason_for(secured(idle_mosquitto, ca_file=authority.ca_file), caplog)
    assert "is for another name: mqtt.host is '127.0.0.1', expected a name in it" in reason


def test_attempts_that_end_the_same_way_are_one_line(
    idle_mosquitto: Mosquitto,
    authority: Authority,
    unknown_authority: Authority,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One line, however often the broker sees its certificate refused."""
    idle_mosquitto.start(further=unknown_authority.lines())
    with Connection(secured(idle_mosquitto, ca_file=authority.ca_file), "a"):
        wait_until(lambda: (tmp_path / "mosquitto.log").read_text().count("alert unknown ca") >= 2, "two attempts")
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_another_reason_is_another_line(
    idle_mosquitto: Mosquitto, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """A renewed certificate with a wrong name is reported as a different fault."""
    idle_mosquitto.start(further=authority.lines(expired=True))
    with Connection(secured(idle_mosquitto, ca_file=authority.ca_file), "a") as connection:
        wait_until(lambda: "expired" in connection.reason, "expired")
        idle_mosquitto.stop()
        idle_mosquitto.start(further=authority.lines("other.example"))
        wait_until(lambda: "another name" in connection.reason, "another name")
    assert [("expired" in line, "another name" in line) for line in caplog.messages if "trusted" in line] == [
        (True, False),
        (False, True),
    ]


def test_insecure_connects_to_anyone_and_says_so(
    idle_mosquitto: Mosquitto, unknown_authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """It is set in the config, warned of at the start, and shown by ``tls``."""
    idle_mosquitto.start(further=unknown_authority.lines("other.example", expired=True))
    with Connection(secured(idle_mosquitto, insecure=_SPELT_OUT), "a") as connection:
        assert connection.wait_connected(WITHIN_S)
        assert connection.tls == "insecure"
    assert sum(_SPELT_OUT in line for line in caplog.messages) == 1


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_client_certificate_that_is_wanted(
    idle_mosquitto: Mosquitto, authority: Authority, caplog: pytest.LogCaptureFixture, version: str
) -> None:
    """Without it the broker refuses, with TLS 1.3 only after the handshake; with it the connection succeeds."""
    idle_mosquitto.environment = authority.newest(version)
    idle_mosquitto.start(further=authority.lines(wants_certificate=True))
    without = secured(idle_mosquitto, ca_file=authority.ca_file)
    assert "the broker requires a client certificate: mqtt.cert_file and mqtt.key_file" in reason_for(without, caplog)
    cert_file, key_file = authority.client()
    with Connection(msgspec.structs.replace(without, cert_file=cert_file, key_file=key_file), "a") as connection:
        assert connection.wait_connected(WITHIN_S)


def test_client_certificate_of_another_ca_is_refused(
    idle_mosquitto: Mosquitto, authority: Authority, unknown_authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """The broker verifies clients too."""
    idle_mosquitto.start(further=authority.lines(wants_certificate=True))
    cert_file, key_file = unknown_authority.client()
    mqtt = secured(idle_mosquitto, ca_file=authority.ca_file, cert_file=cert_file, key_file=key_file)
    assert "another client certificate" in reason_for(mqtt, caplog)


def test_key_may_come_as_a_credential(
    idle_mosquitto: Mosquitto, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a service the key is readable only by root and passed by systemd."""
    idle_mosquitto.start(further=authority.lines(wants_certificate=True))
    cert_file, key_file = authority.client()
    (tmp_path / "mqtt_key").write_bytes(Path(key_file).read_bytes())
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with Connection(secured(idle_mosquitto, ca_file=authority.ca_file, cert_file=cert_file), "a") as connection:
        assert connection.wait_connected(WITHIN_S)


def test_broker_without_tls_on_this_port(mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    """TLS to a plain port fails with a reason."""
    assert "mqtt.port" in reason_for(secured(mosquitto), caplog)


def test_broker_with_tls_when_none_is_spoken(idle_mosquitto: Mosquitto, authority: Authority) -> None:
    """The broker closes the connection, so a hint at TLS is all there is."""
    idle_mosquitto.start(further=authority.lines())
    with Connection(idle_mosquitto.mqtt, "a") as connection:
        wait_until(lambda: connection.state is State.AWAY, "away")
        assert connection.reason.startswith("closed before it answered: does it expect TLS, ")


def test_broker_with_nothing_newer_than_tls_1_1(
    idle_mosquitto: Mosquitto, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """1.2 is the minimum, even if the broker accepts less."""
    idle_mosquitto.environment = authority.newest("TLSv1.1")
    idle_mosquitto.start(further=authority.lines())
    assert (
        reason_for(secured(idle_mosquitto, ca_file=authority.ca_file), caplog)
        == "the broker offers no TLS 1.2 or newer"
    )
