"""What MQTT 5 tells beside a payload, seen by a real subscriber, and how a broker refuses what it does not speak."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edged.config import Mqtt
from edged.mqtt.connection import Connection
from edged.mqtt.outbox import Outbox
from edged.mqtt.publisher import Publisher
from edged.mqtt.standing import State
from edged.mqtt.topics import CAPTURE, EMOTION, EVENT_START
from tests.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.payloads import emotion_state, episode_start
from tests.relay import Relay

__all__ = ["idle_mosquitto", "mosquitto"]


class Seen(NamedTuple):
    """A message with what came beside its payload."""

    topic: str
    payload: bytes
    beside: dict[str, Any]


@contextmanager
def seeing(broker: Mosquitto) -> Iterator[list[Seen]]:
    """All messages at ``broker``, as a subscriber of MQTT 5 receives them."""
    seen: list[Seen] = []
    subscribed = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)

    def receive(_client: Client, _userdata: object, message: MQTTMessage) -> None:
        assert message.properties is not None
        seen.append(Seen(message.topic, bytes(message.payload), message.properties.json()))  # type: ignore[no-untyped-call]

    client.on_message = receive
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect(broker.mqtt.host, broker.port)
    client.loop_start()
    client.subscribe("#", qos=1)
    assert subscribed.wait(WITHIN_S)
    yield seen
    client.disconnect()
    client.loop_stop()


@contextmanager
def answering(answer: bytes) -> Iterator[Mqtt]:
    """A broker that says ``answer`` to whatever a client says first, and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

    thread = threading.Thread(target=serve, name="edged-test-server")
    thread.start()
    yield Mqtt(host="127.0.0.1", port=listener.getsockname()[1], protocol="v5")
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def speaking_5(mqtt: Mqtt) -> Mqtt:
    """The same broker, with MQTT 5."""
    return msgspec.structs.replace(mqtt, protocol="v5")


def test_payloads_say_their_type_and_schema(mosquitto: Mosquitto) -> None:
    """JSON, bare words and the will's topic alike: content type, UTF-8, the schema's version."""
    with seeing(mosquitto) as seen, Publisher(speaking_5(mosquitto.mqtt), "a") as publisher:
        publisher.publish(EMOTION, emotion_state("sad"))
        publisher.publish(CAPTURE, "online")
        wait_until(lambda: len(seen) >= 3, "three messages")
    types = {message.topic: message.beside["ContentType"] for message in seen}
    assert types == {
        "edged/a/availability": "text/plain",
        "edged/a/emotion": "application/json",
        "edged/a/capture": "text/plain",
    }
    assert all(message.beside["PayloadFormatIndicator"] == 1 for message in seen)
    assert all(message.beside["UserProperty"] == [("schema", "1")] for message in seen)


def test_events_expire_with_the_outbox_and_states_never(mosquitto: Mosquitto) -> None:
    """No broker keeps an event for an absent subscriber longer than the device itself does."""
    outbox = Outbox(limit_s=86_400)
    with seeing(mosquitto) as seen, Publisher(speaking_5(mosquitto.mqtt), "a", outbox) as publisher:
        publisher.publish(EMOTION, emotion_state("sad"))
        publisher.publish(EVENT_START, episode_start("sad"))
        wait_until(lambda: len(seen) >= 3, "three messages")
    expiries = {message.topic: message.beside.get("MessageExpiryInterval") for message in seen}
    assert expiries.pop("edged/a/event/start") in range(86_400 - 60, 86_401)
    assert set(expiries.values()) == {None}


def test_short_loss_is_no_offline_and_a_long_one_is(mosquitto: Mosquitto) -> None:
    """One that comes back in time is never said to be away, not later either: by then another's will has come."""
    first, second = Relay(mosquitto.port), Relay(mosquitto.port)
    first.start()
    second.start()
    mqtt = speaking_5(mosquitto.mqtt)
    with (
        seeing(mosquitto) as seen,
        Connection(msgspec.structs.replace(mqtt, port=first.port), "a", availability="a") as back,
        Connection(msgspec.structs.replace(mqtt, port=second.port), "b", availability="b") as away,
    ):

        def said(topic: str) -> list[bytes]:
            return [message.payload for message in seen if message.topic == topic]

        assert back.wait_connected(WITHIN_S)
        assert away.wait_connected(WITHIN_S)
        first.cut()
        wait_until(lambda: said("a") == [b"online", b"online"], "back within the delay")
        second.close()
        wait_until(lambda: said("b")[-1:] == [b"offline"], "the will of the other", 60)
        assert said("a") == [b"online", b"online"]
    first.close()
    assert said("a")[-1] == b"offline"


def test_broker_that_refuses_mqtt_5_is_told_apart(caplog: pytest.LogCaptureFixture) -> None:
    """The answer of MQTT 3.1.1 to a version that it does not know; the reason names the key."""
    with answering(b"\x20\x02\x00\x01") as mqtt, Connection(mqtt, "a") as connection:
        wait_until(lambda: connection.state is State.REFUSED, "refused")
        assert connection.reason == "it speaks no MQTT 5: mqtt.protocol: v3.1.1"
        assert len(caplog.records) == 1


def test_broker_that_hangs_up_on_mqtt_5_gives_a_hint() -> None:
    """Some of MQTT 3.1.1 alone, such as amqtt, say nothing at all."""
    with answering(b"") as mqtt, Connection(mqtt, "a") as connection:
        wait_until(lambda: connection.state is State.AWAY, "an answer")
        assert connection.reason == "closed before it answered: does it want TLS or does it speak no MQTT 5?"


def test_refusals_have_their_reason_in_words(idle_mosquitto: Mosquitto, tmp_path: Path) -> None:
    """MQTT 5's code of a wrong password, with what to look at."""
    idle_mosquitto.start({"ann": "right"})
    file = tmp_path / "password"
    file.write_text("wrong")
    mqtt = speaking_5(msgspec.structs.replace(idle_mosquitto.mqtt, username="ann", password_file=str(file)))
    with Connection(mqtt, "a") as connection:
        wait_until(lambda: connection.state is State.REFUSED, "refused")
        assert connection.reason == "not authorised: mqtt.username and mqtt.password_file"


def test_session_that_is_taken_over_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """MQTT 5's DISCONNECT because of another client of the same id, which mosquitto 2.0.11 forgets to send."""
    caplog.set_level(logging.WARNING, logger="edged.mqtt")
    with answering(b"\x20\x03\x00\x00\x00\xe0\x01\x8e") as mqtt, Connection(mqtt, "a"):
        wait_until(lambda: "another client has the id a too" in caplog.text, "the reason")


def test_no_more_is_sent_than_the_broker_takes_at_once(idle_mosquitto: Mosquitto) -> None:
    """A broker that answers nothing gets as many as it said, less the one that says offline."""
    idle_mosquitto.start(further=["max_inflight_messages 4"])
    acknowledged: list[int] = []
    with Connection(speaking_5(idle_mosquitto.mqtt), "a", on_acknowledged=acknowledged.append) as connection:
        assert connection.wait_connected(WITHIN_S)
        idle_mosquitto.pause()
        mids = [connection.send("t", b"1", 1, retained=False) for _ in range(5)]
        assert [mid is None for mid in mids] == [False, False, False, True, True]
        idle_mosquitto.resume()
        wait_until(lambda: acknowledged == mids[:3], "answered")
        assert connection.send("t", b"1", 1, retained=False) is not None


def test_forbidden_topic_is_said_once(idle_mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    """MQTT 5's acknowledgement of what an access list forbids; it counts as answered, and all else goes on."""
    idle_mosquitto.start(further=idle_mosquitto.access("topic readwrite own/#"))
    acknowledged: list[int] = []
    with Connection(speaking_5(idle_mosquitto.mqtt), "a", on_acknowledged=acknowledged.append) as connection:
        assert connection.wait_connected(WITHIN_S)
        mids = [connection.send(topic, b"1", 1, retained=False) for topic in ("other", "other", "own/a")]
        wait_until(lambda: acknowledged == mids, "all answered")
        assert connection.refusal == "Not authorized"
    assert sum("a message was refused (not authorized)" in line for line in caplog.messages) == 1
