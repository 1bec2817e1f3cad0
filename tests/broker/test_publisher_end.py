"""Closing the publisher: waiting messages are sent first if there is a broker; the rest is logged."""

import threading
import time
from typing import TYPE_CHECKING

import pytest

from edged.contract.topics import CAPTURE, EVENT_START
from edged.mqtt.publisher import Publisher
from edged.mqtt.subscriber import Subscriber
from edged.outbox.message import Message
from edged.outbox.outbox import Outbox
from tests.broker.test_publisher import starts, subscriber, until
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.payloads import episode_start

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["idle_mosquitto", "mosquitto", "subscriber"]

_LONG_S = 60.0  # closing takes at most three seconds; the rest is for a loaded machine


def test_close_sends_the_rest_first(mosquitto: Mosquitto, subscriber: Subscriber) -> None:
    """A replay that ends before the first connection loses nothing."""
    with Publisher(mosquitto.mqtt, "a") as publisher:
        for number in range(500):
            publisher.publish(EVENT_START, episode_start("sad", number))
    assert starts(until(subscriber, "edged/a/availability", b"offline")) == list(range(500))
    assert publisher.unacknowledged == 0


@pytest.mark.parametrize("stalled", [True, False])
def test_close_logs_what_was_not_acknowledged(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture, *, stalled: bool
) -> None:
    """It ends in time with a stalled or missing broker, too."""
    with Publisher(mosquitto.mqtt, "a") as publisher:
        assert publisher.wait_connected(WITHIN_S)
        if stalled:
            mosquitto.pause()
        else:
            mosquitto.kill()
            wait_until(lambda: not publisher.connected, "lost")
        publisher.publish(EVENT_START, episode_start("sad"))
        began_s = time.monotonic()
    assert time.monotonic() - began_s < _LONG_S
    assert caplog.messages[-1] == "closed with 1 message that the broker has not acknowledged"


class RacedOutbox(Outbox):
    """Calls ``meddle`` when paho's thread reads it as empty; the next message then waits for ``seen``."""

    def __init__(self) -> None:
        super().__init__()
        self.meddle: Callable[[], None] | None = None
        self.checked: threading.Event | None = None

    def __len__(self) -> int:
        n = super().__len__()
        meddle = self.meddle
        if not n and meddle is not None and threading.current_thread() is not threading.main_thread():
            self.meddle = None
            meddle()
        return n

    def following(self) -> Message | None:
        """Delayed, too."""
        if self.checked is not None and self.meddle is None:
            self.checked.wait(1)
            self.checked = None
        return super().following()


def test_what_is_put_while_the_rest_is_confirmed_is_waited_for(mosquitto: Mosquitto) -> None:
    """A message put exactly when the last PUBACK arrives is still waited for."""
    outbox, put, checked = RacedOutbox(), threading.Event(), threading.Event()
    settled: list[bool] = []
    with Publisher(mosquitto.mqtt, "a", outbox) as publisher:

        def put_one_more() -> None:
            publisher.publish(CAPTURE, "offline")
            put.set()
            settled.append(publisher.wait_settled(WITHIN_S))
            checked.set()

        other = threading.Thread(target=put_one_more)
        assert publisher.wait_connected(WITHIN_S)
        assert publisher.wait_settled(WITHIN_S)
        outbox.checked = checked

        def meddle() -> None:
            other.start()
            put.wait(0.5)

        outbox.meddle = meddle
        publisher.publish(CAPTURE, "online")
        wait_until(lambda: settled, "the answer")
        other.join()
    assert settled == [True]
