"""MQTT 5 properties at a real subscriber, and how brokers refuse what they do not support."""

import logging
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import MQTTProtocolVersion

from edged.config.structs import Mqtt
from edged.contract.topics import CAPTURE, EMOTION, EVENT_START
from edged.mqtt.connection import Connection
from edged.mqtt.publisher import Publisher
from edged.mqtt.state import State
from edged.outbox.outbox import Outbox
from tests.parts.broker.impostor import impostor
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.payloads import emotion_state, episode_start
from tests.parts.broker.raw_subscriber import raw_subscriber
from tests.parts.broker.relay import Relay

__all__ = ["idle_mosquitto", "mosquitto"]


def properties(message: MQTTMessage) -> dict[str, Any]:
    """Properties of a message."""
    assert message.properties is not None
    found: dict[str, Any] = message.properties.json()  # type: ignore[no-untyped-call]
    return found


def mqtt5_messages(broker: Mosquitto) -> AbstractContextManager[tuple[Client, list[MQTTMessage]]]:
    """All messages at ``broker``, received with MQTT 5."""
    return raw_subscriber(broker.port, "#", MQTTProtocolVersion.MQTTv5)


def with_mqtt5(mqtt: Mqtt) -> Mqtt:
    """The same config with MQTT 5."""
    return msgspec.structs.replace(mqtt, protocol="v5")


def test_payloads_say_their_type_and_schema(mosquitto: Mosquitto) -> None:
    """JSON, plain words and the will have content type, UTF-8 and schema version."""
    with mqtt5_messages(mosquitto) as (_, messages), Publisher(with_mqtt5(mosquitto.mqtt), "a") as publisher:
        publisher.publish(EMOTION, emotion_state("sad"))
        publisher.publish(CAPTURE, "online")
        wait_until(lambda: len(messages) >= 3, "three messages")
    types = {message.topic: properties(message)["ContentType"] for message in messages}
    assert types == {
        "edged/a/availability": "text/plain",
        "edged/a/emotion": "application/json",
        "edged/a/capture": "text/plain",
    }
    assert all(properties(message)["PayloadFormatIndicator"] == 1 for message in messages)
    assert all(properties(message)["UserProperty"] == [("schema", "1")] for message in messages)


def test_events_expire_with_the_outbox_and_states_never(mosquitto: Mosquitto) -> None:
    """A broker stores events for absent subscribers no longer than the device does."""
    outbox = Outbox(limit_s=86_400)
    with mqtt5_messages(mosquitto) as (_, messages), Publisher(with_mqtt5(mosquitto.mqtt), "a", outbox) as publisher:
        publisher.publish(EMOTION, emotion_state("sad"))
        publisher.publish(EVENT_START, episode_start("sad"))
        wait_until(lambda: len(messages) >= 3, "three messages")
    expiries = {message.topic: properties(message).get("MessageExpiryInterval") for message in messages}
    assert expiries.pop("edged/a/event/start") in range(86_400 - 60, 86_401)
    assert set(expiries.values()) == {None}


def test_short_loss_is_no_offline_and_a_long_one_is(mosquitto: Mosquitto) -> None:
    """A device that returns within the will delay is never reported offline, unlike one that stays away."""
    mqtt = with_mqtt5(mosquitto.mqtt)
    with mqtt5_messages(mosquitto) as (_, messages):

        def payloads(topic: str) -> list[bytes]:
            return [bytes(message.payload) for message in messages if message.topic == topic]

        with (
            Relay(mosquitto.port).start() as first,
            Relay(mosquitto.port).start() as second,
            Connection(msgspec.structs.replace(mqtt, port=first.port), "a", availability="a") as back,
            Connection(msgspec.structs.replace(mqtt, port=second.port), "b", availability="b") as away,
        ):
            assert back.wait_connected(WITHIN_S)
            assert away.wait_connected(WITHIN_S)
            first.cut()
            wait_until(lambda: payloads("a") == [b"online", b"online"], "back within the delay")
            second.close()
            wait_until(lambda: payloads("b")[-1:] == [b"offline"], "the will of the other")
            assert payloads("a") == [b"online", b"online"]
        wait_until(lambda: payloads("a")[-1] == b"offline", "its own goodbye")


def test_broker_that_refuses_mqtt_5_is_recognised(caplog: pytest.LogCaptureFixture) -> None:
    """An MQTT 3.1.1 refusal of the version is recognised, and the reason names the key."""
    with impostor(b"\x20\x02\x00\x01") as (mqtt, _), Connection(with_mqtt5(mqtt), "a") as connection:
        wait_until(lambda: connection.state is State.REFUSED, "refused")
        assert connection.reason == "it does not speak MQTT 5: mqtt.protocol: v3.1.1"
    assert len(caplog.records) == 1  # now that the thread has ended, which writes it just after the change


def test_broker_that_hangs_up_on_mqtt_5_gives_a_hint() -> None:
    """Some MQTT 3.1.1 brokers, such as amqtt, close without an answer."""
    with impostor(b"") as (mqtt, _), Connection(with_mqtt5(mqtt), "a") as connection:
        wait_until(lambda: connection.state is State.AWAY, "an answer")
        assert connection.reason.startswith("closed before it answered: does it expect TLS, speak MQTT 3.1.1 only, ")


def test_refusals_have_their_reason_in_words(idle_mosquitto: Mosquitto, tmp_path: Path) -> None:
    """MQTT 5's code for a wrong password becomes words with a hint."""
    idle_mosquitto.start({"ann": "right"})
    file = tmp_path / "password"
    file.write_text("wrong")
    mqtt = with_mqtt5(msgspec.structs.replace(idle_mosquitto.mqtt, username="ann", password_file=str(file)))
    with Connection(mqtt, "a") as connection:
        wait_until(lambda: connection.state is State.REFUSED, "refused")
        assert connection.reason == "not authorised: are mqtt.username and its password right?"


def test_session_that_is_taken_over_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """MQTT 5's DISCONNECT for a session taken over, which mosquitto 2.0.11 does not send."""
    caplog.set_level(logging.WARNING, logger="edged.mqtt")
    with impostor(b"\x20\x03\x00\x00\x00\xe0\x01\x8e") as (mqtt, _), Connection(with_mqtt5(mqtt), "a"):
        wait_until(lambda: "another client uses the client id a: does edged run twice" in caplog.text, "the reason")


def test_no_more_is_sent_than_the_broker_takes_at_once(idle_mosquitto: Mosquitto) -> None:
    """A broker that acknowledges nothing gets its receive maximum, minus one kept for offline."""
    idle_mosquitto.start(further=["max_inflight_messages 4"])
    acknowledged: list[int] = []
    with Connection(with_mqtt5(idle_mosquitto.mqtt), "a", on_acknowledged=acknowledged.append) as connection:
        assert connection.wait_connected(WITHIN_S)
        idle_mosquitto.pause()
        mids = [connection.send("t", b"1", 1, retained=False) for _ in range(5)]
        assert [mid is None for mid in mids] == [False, False, False, True, True]
        idle_mosquitto.resume()
        wait_until(lambda: acknowledged == mids[:3], "answered")
        assert connection.send("t", b"1", 1, retained=False) is not None


def test_forbidden_topic_is_logged_once(idle_mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    """A topic forbidden by an access list is logged once, counts as acknowledged, and other messages continue."""
    idle_mosquitto.start(further=idle_mosquitto.access("topic readwrite own/#"))
    acknowledged: list[int] = []
    with Connection(with_mqtt5(idle_mosquitto.mqtt), "a", on_acknowledged=acknowledged.append) as connection:
        assert connection.wait_connected(WITHIN_S)
        mids = [connection.send(topic, b"1", 1, retained=False) for topic in ("other", "other", "own/a")]
        wait_until(lambda: acknowledged == mids, "all answered")
        assert connection.refusal == "Not authorized"
    assert sum("a message was refused (not authorized)" in line for line in caplog.messages) == 1
