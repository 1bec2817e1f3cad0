"""Brokers with a message size limit, for both options of mosquitto and both protocols.

``max_packet_size`` is announced with MQTT 5 and closes the connection with 3.1.1.  ``message_size_limit`` is never
announced: mosquitto 2.0.11 acknowledges the message, with MQTT 5 as too large, and closes the connection.
"""

import logging

import msgspec
import pytest

from edged.contract.topics import EMOTION, EVENT_START, HEALTH, Received
from edged.homeassistant.announcer import Announcer
from edged.mqtt.publisher import Publisher
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto_program, wait_until
from tests.parts.broker.payloads import emotion_state, episode_start, health
from tests.parts.broker.raw_subscriber import raw_subscriber
from tests.unit.homeassistant.test_announcer import KITCHEN, TOPIC, WHOLE, announced

__all__ = ["idle_mosquitto", "mosquitto_program"]

OPTIONS = ["max_packet_size", "message_size_limit"]
PROTOCOLS = ["v3.1.1", "v5"]
STATED = ("max_packet_size", "v5")
LIMIT = 2000  # bytes; larger than a message for one entity, smaller than one for the device


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Retry without delay."""
    monkeypatch.setattr("edged.mqtt.connection._FIRST_S", 0.02)
    caplog.set_level(logging.INFO)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_discovery_too_large_goes_out_in_parts(
    idle_mosquitto: Mosquitto, option: str, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The device stays connected, Home Assistant gets each entity, and the log names the message once."""
    idle_mosquitto.start(further=[f"{option} {LIMIT}"])
    mqtt = msgspec.structs.replace(idle_mosquitto.mqtt, protocol=protocol)
    now_s = [0.0]
    announcer = Announcer(KITCHEN.identifier, "homeassistant", announced(), clock=lambda: now_s[0])
    publisher = Publisher(mqtt, "kitchen", listeners=[announcer])
    parts: dict[str, bytes] = {}

    def all_parts() -> bool:
        now_s[0] += 0.5
        announcer.tick(publisher)
        while message := everything.received(0.01):
            parts[message.topic] = message.payload
        return parts == announced().parts

    with Subscriber(msgspec.structs.replace(idle_mosquitto.mqtt, root="homeassistant")) as everything:
        assert everything.wait_connected(WITHIN_S)
        with publisher:
            wait_until(all_parts, "a message for each entity")
            assert publisher.connected
            assert publisher.status.left_out == [TOPIC]
            assert publisher.max_packet_bytes is not None
            assert LIMIT <= publisher.max_packet_bytes < len(WHOLE[TOPIC]) + 100
            assert publisher.status.reconnects == (0 if (option, protocol) == STATED else 2)
    named = [message for message in caplog.messages if "is left out" in message]
    assert len(named) == 1
    assert f"bytes on {TOPIC} is left out, the broker takes at most {publisher.max_packet_bytes}" in named[0]
    assert "another client" not in caplog.text


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_any_message_too_large_is_left_out(
    idle_mosquitto: Mosquitto, option: str, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Large states and events are dropped; smaller messages arrive, also later ones on the same topic."""
    idle_mosquitto.start(further=[f"{option} 450"])
    mqtt = msgspec.structs.replace(idle_mosquitto.mqtt, protocol=protocol)
    with raw_subscriber(idle_mosquitto.port, "edged/a/#") as (_, came), Publisher(mqtt, "a") as publisher:
        assert publisher.wait_connected(WITHIN_S)
        publisher.publish(EMOTION, emotion_state("sad"))
        publisher.publish(HEALTH, health())
        large = msgspec.structs.replace(episode_start("sad"), scores={f"label {n}": 0.01 for n in range(90)})
        publisher.publish(EVENT_START, large)
        publisher.publish(EVENT_START, episode_start("angry"))
        wait_until(lambda: "on edged/a/event/start is left out" in caplog.text, "the event left out")
        wait_until(lambda: "on edged/a/health is left out" in caplog.text, "the state left out")
        wait_until(lambda: publisher.connected and not publisher.unacknowledged, "the rest")
        publisher.publish(EVENT_START, episode_start("happy"))
        wait_until(lambda: any(b"happy" in one.payload for one in came), "the event after it")
        assert publisher.status.left_out == ["edged/a/health"]
    events = [one.payload for one in came if one.topic == "edged/a/event/start"]
    assert any(b"angry" in payload for payload in events)
    assert not any(b"label 1" in payload for payload in events)
    assert not any(one.topic == "edged/a/health" for one in came)


def test_announced_limit_counts_the_whole_packet(idle_mosquitto: Mosquitto) -> None:
    """A packet at the limit arrives, one byte more is not sent, and the broker closes nothing."""
    idle_mosquitto.start(further=["max_packet_size 1000"])
    mqtt = msgspec.structs.replace(idle_mosquitto.mqtt, protocol="v5")
    with Subscriber(idle_mosquitto.mqtt, "a") as subscriber, Publisher(mqtt, "a") as publisher:
        assert subscriber.wait_connected(WITHIN_S)
        assert publisher.wait_connected(WITHIN_S)
        largest = next(n for n in range(1000, 0, -1) if publisher.fits("edged/a/x", b"x" * n))
        publisher.retain("edged/a/x", b"x" * (largest + 1))
        publisher.retain("edged/a/x", b"x" * largest)

        def came() -> Received | None:
            return subscriber.received(0.1)

        wait_until(lambda: (message := came()) and message.payload == b"x" * largest, "the largest that fits")
        assert publisher.status.reconnects == 0
