"""Messages that a subscriber gets from a real mosquitto, and what is dropped when it does not read."""

import queue
import time

from edged.config.structs import Mqtt
from edged.contract.topics import Received
from edged.mqtt.connection import Connection
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, free_port, idle_mosquitto, mosquitto, wait_until

__all__ = ["idle_mosquitto", "mosquitto"]


def test_retained_message_is_marked(mosquitto: Mosquitto) -> None:
    """Retained messages are distinguished from live ones."""
    acknowledged: list[int] = []
    with Connection(mosquitto.mqtt, "a", on_acknowledged=acknowledged.append) as sender:
        assert sender.wait_connected(WITHIN_S)
        mid = sender.send("edged/a/emotion", b"1", 1, retained=True)
        wait_until(lambda: acknowledged == [mid], "the broker has it")
        with Subscriber(mosquitto.mqtt) as subscriber:
            assert subscriber.received(WITHIN_S) == Received("edged/a/emotion", b"1", retained=True)
            sender.send("edged/a/emotion", b"2", 1, retained=True)
            assert subscriber.received(WITHIN_S) == Received("edged/a/emotion", b"2", retained=False)


def test_node_and_root_bound_what_comes(mosquitto: Mosquitto) -> None:
    """Other nodes and roots are excluded; topics of two levels are included."""
    with Connection(mosquitto.mqtt, "a") as sender, Subscriber(mosquitto.mqtt, "a") as subscriber:
        assert sender.wait_connected(WITHIN_S)
        assert subscriber.wait_connected(WITHIN_S)
        for topic in ("edged/b/emotion", "other/a/emotion", "edged/a/event/start"):
            sender.send(topic, b"", 1, retained=False)
        message = subscriber.received(WITHIN_S)
    assert message is not None
    assert message.topic == "edged/a/event/start"


def test_full_queue_drops_the_oldest(mosquitto: Mosquitto) -> None:
    """A slow reader gets the newest messages and the count of dropped ones."""
    with Connection(mosquitto.mqtt, "a") as sender, Subscriber(mosquitto.mqtt, limit=3) as subscriber:
        assert sender.wait_connected(WITHIN_S)
        assert subscriber.wait_connected(WITHIN_S)
        for number in range(10):
            sender.send("edged/a/x", b"%d" % number, 1, retained=False)
        wait_until(lambda: subscriber.dropped == 7, "seven dropped")
        payloads = [message.payload for _ in range(3) if (message := subscriber.received(WITHIN_S))]
    assert payloads == [b"7", b"8", b"9"]


class _RacedQueue(queue.SimpleQueue[Received]):
    """A queue that is full, then empty, as if a reader had emptied it in between."""

    raced = False

    def put_nowait(self, item: Received) -> None:
        """Refuse the first message."""
        if not self.raced:
            self.raced = True
            raise queue.Full
        super().put_nowait(item)


def test_reader_that_empties_a_full_queue_meanwhile_is_no_fault() -> None:
    """The message is queued, nothing counts as dropped, and paho's thread sees no exception."""
    subscriber = Subscriber(Mqtt(host="127.0.0.1", port=free_port()))
    subscriber._queue = _RacedQueue()  # type: ignore[assignment]  # noqa: SLF001 -- no real thread is so punctual
    message = Received("edged/a/x", b"1", retained=False)
    subscriber._keep(message)  # noqa: SLF001 -- as paho's thread calls it
    assert subscriber.received(0) == message
    assert subscriber.dropped == 0


def test_restarted_broker_is_subscribed_to_again(mosquitto: Mosquitto) -> None:
    """The broker lost the subscription."""
    with Subscriber(mosquitto.mqtt) as subscriber:
        assert subscriber.wait_connected(WITHIN_S)
        mosquitto.kill()
        wait_until(lambda: not subscriber.connected, "lost")
        mosquitto.start()
        assert subscriber.wait_connected(WITHIN_S)
        with Connection(mosquitto.mqtt, "a") as sender:
            assert sender.wait_connected(WITHIN_S)
            sender.send("edged/a/x", b"1", 1, retained=False)
            assert subscriber.received(WITHIN_S) == Received("edged/a/x", b"1", retained=False)


def test_nothing_comes_is_none_after_the_timeout() -> None:
    """A read returns None at its timeout, without a broker too."""
    with Subscriber(Mqtt(host="127.0.0.1", port=free_port())) as subscriber:
        began_s = time.monotonic()
        assert subscriber.received(0.05) is None
        assert time.monotonic() - began_s >= 0.05
