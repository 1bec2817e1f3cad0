"""The embedded broker."""

import socket
import sys

import pytest

from edged.config.structs import Mqtt
from edged.contract.topics import EMOTION, EVENT_START
from edged.demo.broker import EmbeddedBroker
from edged.errors import PublishError, UsageError
from edged.mqtt.publisher import Publisher
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import WITHIN_S, wait_until
from tests.parts.broker.payloads import emotion_state, episode_start


def test_messages_go_through_in_order() -> None:
    """Messages pass from publisher to subscriber in order; afterwards the port is closed."""
    with EmbeddedBroker() as broker:
        mqtt = Mqtt(host="127.0.0.1", port=broker.port)
        with Subscriber(mqtt) as subscriber:
            assert subscriber.wait_connected(WITHIN_S)
            with Publisher(mqtt, "demo") as publisher:
                publisher.publish(EMOTION, emotion_state("sad"))
                publisher.publish(EVENT_START, episode_start("sad"))
            topics = [message.topic for _ in range(4) if (message := subscriber.received(WITHIN_S))]
    names = ("availability", "emotion", "event/start", "availability")
    assert topics == [f"edged/demo/{name}" for name in names]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", broker.port), timeout=1)


def test_close_with_clients_connected_ends() -> None:
    """Connected clients see the broker disappear."""
    with EmbeddedBroker() as broker:
        subscriber = Subscriber(Mqtt(host="127.0.0.1", port=broker.port))
        subscriber.__enter__()
        assert subscriber.wait_connected(WITHIN_S)
    wait_until(lambda: not subscriber.connected, "lost")
    subscriber.__exit__(None, None, None)


def test_missing_extra_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the error has the install command."""
    monkeypatch.setitem(sys.modules, "amqtt.broker", None)
    with pytest.raises(UsageError, match=r"pip install 'edged\[demo\]'"), EmbeddedBroker():
        pass


def test_port_that_is_taken_is_a_publish_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program took the port between its choice and its use."""
    with socket.create_server(("127.0.0.1", 0)) as blocker:
        monkeypatch.setattr("edged.demo.broker._free_port", lambda: blocker.getsockname()[1])
        with pytest.raises(PublishError, match="does not listen"), EmbeddedBroker():
            pass
