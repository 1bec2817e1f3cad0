"""The connection with a real mosquitto, and with servers that are no broker."""

import itertools
import logging
import socket
import threading
import time
from pathlib import Path

import msgspec
import pytest

from edged.config.structs import Mqtt
from edged.contract.topics import Received
from edged.errors import ConfigError
from edged.mqtt.connection import Connection
from edged.mqtt.state import State
from tests.parts.broker.impostor import impostor
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, free_port, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.wire import PUBLISH, sent

__all__ = ["idle_mosquitto", "mosquitto"]

_LONG_S = 60.0  # closing takes at most three seconds; the rest is for a loaded machine


def with_password(broker: Mosquitto, folder: Path, password: str) -> Mqtt:
    """The config of user ann with ``password``."""
    file = folder / f"password-{password}"
    file.write_text(password)
    return Mqtt(host=broker.mqtt.host, port=broker.port, username="ann", password_file=str(file))


def test_right_password_connects(idle_mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A user name with a password from a file connects."""
    idle_mosquitto.start({"ann": "right"})
    with Connection(with_password(idle_mosquitto, tmp_path, "right"), "a") as connection:
        wait_until(lambda: connection.connected, "connected")
    assert connection.state is State.CLOSED


def test_refused_is_never_connected(
    idle_mosquitto: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong password gives one log line, however often it is tried; once right at the broker it connects."""
    caplog.set_level(logging.INFO, logger="edged.mqtt")
    states: list[State] = []
    idle_mosquitto.start({"ann": "right"})
    broker_log = tmp_path / "mosquitto.log"
    with Connection(with_password(idle_mosquitto, tmp_path, "wrong"), "a", on_change=states.append) as connection:
        wait_until(lambda: broker_log.read_text().count("not authorised") >= 2, "refused twice")
        wait_until(lambda: connection.state is State.REFUSED, "refused")
        assert not connection.connected
        assert connection.send("edged/a/emotion", b"", 1, retained=True) is None
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "wrong" not in caplog.text
        idle_mosquitto.stop()
        idle_mosquitto.start({"ann": "wrong"})
        wait_until(lambda: connection.connected, "connected")
    assert states[0] is State.REFUSED
    assert states[-1] is State.CONNECTED
    assert State.CONNECTED not in states[:-1]


@pytest.mark.parametrize("tls", ["off", "on"])
def test_silent_server_is_never_connected(tls: str) -> None:
    """An open port is no broker; closing waits neither for it nor for its handshake."""
    with impostor(None) as (open_to_all, accepted):
        mqtt = msgspec.structs.replace(open_to_all, tls=tls)
        with Connection(mqtt, "a", availability="edged/a/availability") as connection:
            wait_until(lambda: accepted, "accepted")
            assert connection.send("edged/a/emotion", b"", 1, retained=True) is None
            began_s = time.monotonic()
        assert time.monotonic() - began_s < _LONG_S
        assert connection.reconnects == 0


def test_server_that_closes_at_once_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """One line for the change, none for later attempts."""
    with impostor(b"") as (mqtt, accepted), Connection(mqtt, "a") as connection:
        wait_until(lambda: len(accepted) >= 2, "tried again")
        assert connection.state is State.AWAY
        assert len(caplog.records) == 1


def test_close_without_broker_ends(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing listens, as on a device without a network."""
    mqtt = Mqtt(host="127.0.0.1", port=free_port())
    with Connection(mqtt, "a", availability="edged/a/availability") as connection:
        wait_until(lambda: connection.state is State.AWAY, "away")
        assert connection.reason == "Connection refused"
        began_s = time.monotonic()
    assert time.monotonic() - began_s < _LONG_S
    assert len(caplog.records) == 1


def test_close_with_a_stalled_broker_ends(mosquitto: Mosquitto) -> None:
    """A hung broker: no PUBACK, no closed socket."""
    with Connection(mosquitto.mqtt, "a", availability="edged/a/availability") as connection:
        wait_until(lambda: connection.connected, "connected")
        mosquitto.pause()
        began_s = time.monotonic()
    assert time.monotonic() - began_s < _LONG_S


def test_close_publishes_offline_before_disconnect() -> None:
    """DISCONNECT cancels the will, so offline is published before it, even to a broker that acknowledges nothing."""
    stream = bytearray()

    def serve(listener: socket.socket) -> None:
        client, _ = listener.accept()
        with client:
            stream.extend(client.recv(4096))
            client.sendall(b"\x20\x02\x00\x00")  # CONNACK
            while content := client.recv(4096):
                stream.extend(content)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve, args=(listener,), name="edged-test-broker")
        server.start()
        mqtt = Mqtt(host="127.0.0.1", port=listener.getsockname()[1])
        with Connection(mqtt, "a", availability="edged/a/availability"):
            wait_until(lambda: b"online" in stream, "online")
        server.join()
    published = [(one.topic, one.payload) for one in sent(bytes(stream)) if one.kind == PUBLISH]
    assert published == [("edged/a/availability", b"online"), ("edged/a/availability", b"offline")]


def test_fault_in_a_callback_does_not_end_the_connection(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    """paho's thread survives and messages continue; the first fault is logged, all are counted."""
    received: list[Received] = []

    def fail(message: Received) -> None:
        received.append(message)
        raise ValueError(message.topic)

    acknowledged: list[int] = []
    with Connection(
        mosquitto.mqtt, "a", subscriptions=["t/#"], on_received=fail, on_acknowledged=acknowledged.append
    ) as connection:
        wait_until(lambda: connection.connected, "connected")
        mids = [connection.send("t/1", b"1", 1, retained=False), connection.send("t/2", b"2", 1, retained=False)]
        wait_until(lambda: connection.faults == 2, "two faults")
        wait_until(lambda: acknowledged == mids, "both acknowledged")
        assert connection.connected
    assert [message.topic for message in received] == ["t/1", "t/2"]
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1


def test_broker_that_comes_back_is_a_reconnect(mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    """The first connection is no reconnect; each change is one line."""
    caplog.set_level(logging.INFO, logger="edged.mqtt")
    with Connection(mosquitto.mqtt, "a", availability="edged/a/availability") as connection:
        wait_until(lambda: connection.connected, "connected")
        assert connection.reconnects == 0
        mosquitto.kill()
        wait_until(lambda: not connection.connected, "lost")
        mosquitto.start()
        assert connection.wait_connected(60)
        assert connection.reconnects == 1
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "INFO"]


@pytest.mark.parametrize("host", ["a..b", "x" * 64, "a\0b"])
def test_host_that_is_no_name_is_a_config_error(host: str) -> None:
    """Resolving these hosts raises errors that paho's thread does not catch."""
    with pytest.raises(ConfigError, match=r"mqtt\.host is .*expected a host name"), Connection(Mqtt(host=host), "a"):
        pass


def test_client_id_that_is_taken_over_is_retried_slowly(mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    """Two devices with one client id disconnect each other: a line per change, seconds between them, and an end."""
    caplog.set_level(logging.INFO, logger="edged.mqtt")
    changes: list[tuple[float, State]] = []
    with Connection(mosquitto.mqtt, "a", on_change=lambda state: changes.append((time.monotonic(), state))) as first:
        wait_until(lambda: first.connected, "connected")
        with Connection(mosquitto.mqtt, "a") as second:
            wait_until(lambda: len(changes) >= 4, "put out, back, and put out again")
            wait_until(lambda: not first.connected or not second.connected, "one of them alone")
            lines = len(caplog.records)
        wait_until(lambda: first.connected, "alone again")
    times = [moment for moment, state in changes if state is State.CONNECTED]
    assert all(later - earlier > 1 for earlier, later in itertools.pairwise(times))
    assert lines <= 2 * len(changes) + 2


def test_third_takeover_in_a_row_hints_at_the_other_client(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker only closes the connection; repeated losses soon after connecting cause the hint."""
    monkeypatch.setattr("edged.mqtt.connection._FIRST_S", 0.05)
    caplog.set_level(logging.WARNING, logger="edged.mqtt")
    hint = "3 times soon after connecting: another client may use this client id, edged-a-1"
    with Connection(mosquitto.mqtt, "edged-a-1") as first:
        assert first.wait_connected(WITHIN_S)
        with Connection(mosquitto.mqtt, "edged-a-1"):
            wait_until(lambda: hint in caplog.text, "the hint")
    assert caplog.text.index("(connection lost), trying again") < caplog.text.index(hint)


def test_mid_of_a_lost_connection_is_forgotten(mosquitto: Mosquitto) -> None:
    """paho resends nothing by itself: the sender decides what is still valid."""
    received: list[Received] = []
    acknowledged: list[int] = []
    with (
        Connection(mosquitto.mqtt, "b", subscriptions=["t"], on_received=received.append) as other,
        Connection(mosquitto.mqtt, "a", on_acknowledged=acknowledged.append) as connection,
    ):
        wait_until(lambda: connection.connected and other.connected, "connected")
        mosquitto.pause()
        assert connection.send("t", b"old", 1, retained=False) is not None
        mosquitto.kill()
        wait_until(lambda: not connection.connected and not other.connected, "lost")
        mosquitto.start()
        wait_until(lambda: connection.connected and other.connected, "back")
        mid = connection.send("t", b"new", 1, retained=False)
        wait_until(lambda: received, "received")
        wait_until(lambda: acknowledged == [mid], "acknowledged")
    assert [message.payload for message in received] == [b"new"]


def test_messages_are_not_held_back_by_the_kernel(mosquitto: Mosquitto) -> None:
    """The socket has TCP_NODELAY, also after a reconnect."""

    def nodelay(connection: Connection) -> int:
        found = connection._client._client.socket()  # noqa: SLF001 -- shows the option of the real socket
        assert isinstance(found, socket.socket)
        return found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    with Connection(mosquitto.mqtt, "a") as connection:
        wait_until(lambda: connection.connected, "connected")
        assert nodelay(connection)
        mosquitto.stop()
        wait_until(lambda: not connection.connected, "lost")
        mosquitto.start()
        wait_until(lambda: connection.connected, "connected again")
        assert nodelay(connection)
