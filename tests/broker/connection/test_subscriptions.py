"""Subscriptions of a connection, with a real mosquitto that grants or refuses them."""

import pytest

from edged.contract.topics import Received
from edged.mqtt.connection import Connection
from edged.mqtt.state import State
from edged.mqtt.subscriptions import Subscription
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until

__all__ = ["idle_mosquitto", "mosquitto"]


def test_other_subscriptions_on_the_same_connection(mosquitto: Mosquitto) -> None:
    """They change at once while the broker is there, and with the next connection while it is away."""
    topics: list[str] = []
    with (
        Connection(
            mosquitto.mqtt, "a", subscriptions=["one", "two"], on_received=lambda message: topics.append(message.topic)
        ) as connection,
        Connection(mosquitto.mqtt, "b") as sender,
    ):

        def arrived() -> list[str]:
            topics.clear()
            for topic in ("one", "two", "three", "four", "two"):
                wait_until(lambda: sender.send(topic, b"", 1, retained=False) is not None, "sent")  # noqa: B023 -- used at once
            wait_until(lambda: topics.count("two") >= 2, "the last")
            return sorted({*topics})

        assert connection.wait_connected(WITHIN_S)
        assert arrived() == ["one", "two"]
        connection.resubscribe([Subscription(one, required=False) for one in ("two", "three")])
        wait_until(lambda: arrived() == ["three", "two"], "the change")
        assert connection.reconnects == 0
        mosquitto.kill()
        wait_until(lambda: not connection.connected, "the loss")
        connection.resubscribe([Subscription(one, required=False) for one in ("two", "four")])
        mosquitto.start()
        assert connection.wait_connected(WITHIN_S)
        assert sender.wait_connected(WITHIN_S)
        assert arrived() == ["four", "two"]


def test_refused_subscription_that_is_not_required_is_skipped(
    idle_mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    """If an access list forbids a foreign topic, everything else works, and it is logged once."""
    idle_mosquitto.start_refusing("own")
    received: list[Received] = []
    subscriptions: list[Subscription | str] = [Subscription("other", required=False), "own"]
    with Connection(idle_mosquitto.mqtt, "a", subscriptions=subscriptions, on_received=received.append) as connection:
        assert connection.wait_connected(WITHIN_S)
        assert connection.refused_subscriptions == ("other",)
        connection.send("other", b"1", 1, retained=False)
        connection.send("own", b"2", 1, retained=False)
        wait_until(lambda: received, "received")
        idle_mosquitto.kill()
        wait_until(lambda: not connection.connected, "lost")
        caplog.clear()
        idle_mosquitto.start_refusing("own")
        assert connection.wait_connected(WITHIN_S)
        assert "other" not in caplog.text
        idle_mosquitto.kill()
        wait_until(lambda: not connection.connected, "lost")
        idle_mosquitto.start()
        assert connection.wait_connected(WITHIN_S)
        assert not connection.refused_subscriptions
    assert received == [Received("own", b"2", retained=False)]


def test_refused_subscription_that_is_required_is_never_connected(idle_mosquitto: Mosquitto) -> None:
    """A required subscription must not fail unnoticed."""
    idle_mosquitto.start_refusing("own")
    with Connection(idle_mosquitto.mqtt, "a", subscriptions=["own", "other"]) as connection:
        wait_until(lambda: connection.state is State.REFUSED, "refused")
        assert connection.reason == "subscription to other refused"
        assert not connection.connected
