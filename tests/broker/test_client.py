"""What MQTT 5 tells beside a payload, seen by a real subscriber, and how a broker refuses what it does not speak."""

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


def beside(message: MQTTMessage) -> dict[str, Any]:
    """What came with a message beside its payload."""
    assert message.properties is not None
    found: dict[str, Any] = message.properties.json()  # type: ignore[no-untyped-call]
    return found


def seeing(broker: Mosquitto) -> AbstractContextManager[tuple[Client, list[MQTTMessage]]]:
    """All messages at ``broker``, as a subscriber of MQTT 5 receives them."""
    return raw_subscriber(broker.port, "#", MQTTProtocolVersion.MQTTv5)


def speaking_5(mqtt: Mqtt) -> Mqtt:
    """The same broker, with MQTT 5."""
    return msgspec.structs.replace(mqtt, protocol="v5")


def test_payloads_say_their_type_and_schema(mosquitto: Mosquitto) -> None:
    """JSON, bare words and the will's topic alike: content type, UTF-8, the schema's version."""
    with seeing(mosquitto) as (_, seen), Publisher(speaking_5(mosquitto.mqtt), "a") as publisher:
        publisher.publish(EMOTION, emotion_state("sad"))
        publisher.publish(CAPTURE, "online")
        wait_until(lambda: len(seen) >= 3, "three messages")
    types = {message.topic: beside(message)["ContentType"] for message in seen}
    assert types == {
        "edged/a/availability": "text/plain",
        "edged/a/emotion": "application/json",
        "edged/a/capture": "text/plain",
    }
    assert all(beside(message)["PayloadFormatIndicator"] == 1 for message in seen)
    assert all(beside(message)["UserProperty"] == [("schema", "1")] for message in seen)


def test_events_expire_with_the_outbox_and_states_never(mosquitto: Mosquitto) -> None:
    """No broker keeps an event for an absent subscriber longer than the device itself does."""
    outbox = Outbox(limit_s=86_400)
    with seeing(mosquitto) as (_, seen), Publisher(speaking_5(mosquitto.mqtt), "a", outbox) as publisher:
        publisher.publish(EMOTION, emotion_state("sad"))
        publisher.publish(EVENT_START, episode_start("sad"))
        wait_until(lambda: len(seen) >= 3, "three messages")
    expiries = {message.topic: beside(message).get("MessageExpiryInterval") for message in seen}
    assert expiries.pop("edged/a/event/start") in range(86_400 - 60, 86_401)
    assert set(expiries.values()) == {None}


def test_short_loss_is_no_offline_and_a_long_one_is(mosquitto: Mosquitto) -> None:
    """One that comes back in time is never said to be away, not later either: by then another's will has come."""
    mqtt = speaking_5(mosquitto.mqtt)
    with seeing(mosquitto) as (_, seen):

        def said(topic: str) -> list[bytes]:
            return [bytes(message.payload) for message in seen if message.topic == topic]

        with (
            Relay(mosquitto.port).start() as first,
            Relay(mosquitto.port).start() as second,
            Connection(msgspec.structs.replace(mqtt, port=first.port), "a", availability="a") as back,
            Connection(msgspec.structs.replace(mqtt, port=second.port), "b", availability="b") as away,
        ):
            assert back.wait_connected(WITHIN_S)
            assert away.wait_connected(WITHIN_S)
            first.cut()
            wait_until(lambda: said("a") == [b"online", b"online"], "back within the delay")
            second.close()
            wait_until(lambda: said("b")[-1:] == [b"offline"], "the will of the other", 60)
            assert said("a") == [b"online", b"online"]
        wait_until(lambda: said("a")[-1] == b"offline", "its own goodbye")


def test_broker_that_refuses_mqtt_5_is_told_apart(caplog: pytest.LogCaptureFixture) -> None:
    """The answer of MQTT 3.1.1 to a version that it does not know; the reason names the key."""
    with impostor(b"\x20\x02\x00\x01") as (mqtt, _), Connection(speaking_5(mqtt), "a") as connection:
        wait_until(lambda: connection.state is State.REFUSED, "refused")
        assert connection.reason == "it does not speak MQTT 5: mqtt.protocol: v3.1.1"
        assert len(caplog.records) == 1


def test_broker_that_hangs_up_on_mqtt_5_gives_a_hint() -> None:
    """Some of MQTT 3.1.1 alone, such as amqtt, say nothing at all."""
    with impostor(b"") as (mqtt, _), Connection(speaking_5(mqtt), "a") as connection:
        wait_until(lambda: connection.state is State.AWAY, "an answer")
        assert connection.reason.startswith("closed before it answered: does it expect TLS, speak MQTT 3.1.1 only, ")


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
    with impostor(b"\x20\x03\x00\x00\x00\xe0\x01\x8e") as (mqtt, _), Connection(speaking_5(mqtt), "a"):
        wait_until(lambda: "another client uses the client id a: does edged run twice" in caplog.text, "the reason")


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
