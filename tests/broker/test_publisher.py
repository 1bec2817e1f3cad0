"""The publisher with a real mosquitto that starts late, stalls, restarts; and the publisher itself killed."""

import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec
import pytest

from edged.config.structs import Mqtt
from edged.contract.payloads import EpisodeStart, encoded
from edged.contract.topics import CAPTURE, EMOTION, EVENT_END, EVENT_START, HEALTH, Received
from edged.errors import ConfigError
from edged.mqtt.publisher import Publisher
from edged.mqtt.subscriber import Subscriber
from edged.outbox.journal import Journal
from edged.outbox.outbox import Outbox
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.outboxes import outbox_metrics
from tests.parts.broker.payloads import emotion_state, episode_end, episode_start, health
from tests.parts.broker.relay import Relay

__all__ = ["idle_mosquitto", "mosquitto"]

_DAEMON = """
import sys
from edged.config.structs import Mqtt
from edged.mqtt.publisher import Publisher
with Publisher(Mqtt(host="127.0.0.1", port=int(sys.argv[1])), "a") as publisher:
    print(publisher.wait_connected(60), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def relay(mosquitto: Mosquitto) -> Iterator[Relay]:
    """A path to the broker that a test can open and cut."""
    with Relay(mosquitto.port) as opened:
        yield opened


@pytest.fixture
def subscriber(mosquitto: Mosquitto) -> Iterator[Subscriber]:
    """A subscriber to all topics, ready."""
    with Subscriber(mosquitto.mqtt) as opened:
        assert opened.wait_connected(WITHIN_S)
        yield opened


def until(subscriber: Subscriber, topic: str, payload: bytes) -> list[Received]:
    """All messages up to the one with this topic and payload."""
    messages: list[Received] = []
    deadline_s = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline_s:
        if message := subscriber.received(0.1):
            messages.append(message)
            if (message.topic, message.payload) == (topic, payload):
                return messages
    pytest.fail(f"{topic} {payload!r} did not come, only {messages}")


def events_among(messages: list[Received]) -> list[EpisodeStart]:
    """Episode starts among the messages."""
    return [
        msgspec.json.decode(message.payload, type=EpisodeStart)
        for message in messages
        if message.topic == "edged/a/event/start"
    ]


def starts(messages: list[Received]) -> list[int]:
    """Numbers of the episode starts among the messages."""
    return [int(event.start_s) for event in events_among(messages)]


def test_topics_and_retention_of_all_payloads(mosquitto: Mosquitto, subscriber: Subscriber) -> None:
    """State and health are retained, events are not; online comes first, offline last."""
    with Publisher(mosquitto.mqtt, "a") as publisher:
        publisher.publish(EMOTION, emotion_state("angry"))
        publisher.publish(EVENT_START, episode_start("angry"))
        publisher.publish(EVENT_END, episode_end("angry"))
        publisher.publish(HEALTH, health())
        publisher.publish(CAPTURE, "muted")
    messages = until(subscriber, "edged/a/availability", b"offline")
    names = ["availability", "emotion", "event/start", "event/end", "health", "capture", "availability"]
    assert [message.topic for message in messages] == [f"edged/a/{name}" for name in names]
    assert messages[0].payload == b"online"
    assert messages[-2].payload == b"muted"
    assert not any(message.retained for message in messages)
    assert mosquitto.retained().keys() == {
        "edged/a/availability",
        "edged/a/capture",
        "edged/a/emotion",
        "edged/a/health",
    }


def test_killed_publisher_is_offline_by_will(mosquitto: Mosquitto, subscriber: Subscriber) -> None:
    """SIGKILL leaves the offline message to the will."""
    command = [sys.executable, "-c", _DAEMON, str(mosquitto.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == b"True\n"
        daemon.kill()
    messages = until(subscriber, "edged/a/availability", b"offline")
    assert [message.payload for message in messages] == [b"online", b"offline"]


def test_broker_that_comes_later_gets_everything_in_order(relay: Relay, subscriber: Subscriber) -> None:
    """More messages than may be in flight are sent once there is a broker, newer ones after them."""
    numbers = count()
    with Publisher(Mqtt(host="127.0.0.1", port=relay.port), "a", Outbox(limit=10_000)) as publisher:
        wait_until(lambda: publisher.reason == "Connection refused", "away")
        for _ in range(100):
            publisher.publish(EVENT_START, episode_start("sad", next(numbers)))
        publisher.publish(EMOTION, emotion_state("sad"))
        assert not publisher.connected
        assert publisher.unacknowledged == 101
        relay.start()
        for _ in range(3000):  # one per poll: before, during and after the connection
            publisher.publish(EVENT_START, episode_start("sad", next(numbers)))
            if publisher.wait_connected(0.005):
                break
        publisher.publish(EVENT_START, episode_start("sad", next(numbers)))
        wait_until(lambda: publisher.unacknowledged == 0, "all acknowledged")
    messages = until(subscriber, "edged/a/availability", b"offline")
    assert messages[0].payload == b"online"
    assert starts(messages) == list(range(next(numbers)))


def test_events_are_numbered_and_late_ones_say_so(
    relay: Relay, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that waited for the broker is marked late; ids and numbers are unique."""
    monkeypatch.setattr("edged.outbox.message._LATE_S", 0.5)
    with Publisher(Mqtt(host="127.0.0.1", port=relay.port), "a") as publisher:
        for number in range(3):
            publisher.publish(EVENT_START, episode_start("sad", number), time.monotonic())
        wait_until(lambda: outbox_metrics(publisher).oldest_s > 0.5, "late")
        assert outbox_metrics(publisher).depth == 3
        relay.start()
        wait_until(lambda: publisher.unacknowledged == 0, "all acknowledged")
        monkeypatch.setattr("edged.outbox.message._LATE_S", WITHIN_S)  # whatever the machine does meanwhile
        publisher.publish(EVENT_START, episode_start("sad", 3))
        wait_until(lambda: publisher.unacknowledged == 0, "acknowledged")
        metrics = outbox_metrics(publisher)
    events = events_among(until(subscriber, "edged/a/availability", b"offline"))
    first = events[0].seq
    assert isinstance(first, int)
    assert [event.seq for event in events] == [first, first + 1, first + 2, first + 3]
    assert [event.replayed for event in events] == [True, True, True, False]
    assert metrics.latency_p50_s is not None
    assert metrics.latency_p50_s > 0.5


def test_next_process_sends_what_the_last_one_kept(
    relay: Relay, subscriber: Subscriber, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Events of a process that never had a broker are sent first by the next one, marked late."""
    mqtt = Mqtt(host="127.0.0.1", port=relay.port)
    with Publisher(mqtt, "a", Outbox(journal=Journal(tmp_path / "outbox.sqlite3", commit_s=5.0))) as publisher:
        for number in range(30):
            publisher.publish(EVENT_START, episode_start("sad", number))
    assert caplog.messages[-1] == (
        "closed with 30 messages that the broker has not acknowledged; events among them are stored on disk"
    )
    relay.start()
    with Publisher(mqtt, "a", Outbox(journal=Journal(tmp_path / "outbox.sqlite3", commit_s=5.0))) as publisher:
        publisher.publish(EVENT_START, episode_start("sad", 30))
        wait_until(lambda: publisher.unacknowledged == 0, "all acknowledged")
        assert outbox_metrics(publisher).on_disk
    events = events_among(until(subscriber, "edged/a/availability", b"offline"))
    assert [event.start_s for event in events] == list(range(31))
    assert [event.replayed for event in events] == [True] * 30 + [False]
    numbers = [event.seq for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + 31))  # type: ignore[arg-type,operator]


def test_fault_while_opening_closes_the_outbox(tmp_path: Path) -> None:
    """An invalid host ends the daemon, without leaving a thread or a lock."""
    journal = Journal(tmp_path / "outbox.sqlite3")
    with pytest.raises(ConfigError), Publisher(Mqtt(host="a..b"), "a", Outbox(journal=journal)):
        pass


def test_full_outbox_drops_the_oldest_events(relay: Relay, subscriber: Subscriber) -> None:
    """A long outage drops the oldest events and counts them."""
    with Publisher(Mqtt(host="127.0.0.1", port=relay.port), "a", Outbox(limit=50)) as publisher:
        for number in range(80):
            publisher.publish(EVENT_START, episode_start("sad", number))
        assert (publisher.unacknowledged, publisher.dropped) == (50, 30)
        relay.start()
        wait_until(lambda: publisher.unacknowledged == 0, "all acknowledged")
    assert starts(until(subscriber, "edged/a/availability", b"offline")) == list(range(30, 80))


def test_cut_connection_loses_nothing_and_keeps_the_order(relay: Relay, subscriber: Subscriber) -> None:
    """Messages in flight are lost, but waiting ones may not overtake those that are sent again."""
    relay.start()
    with Publisher(Mqtt(host="127.0.0.1", port=relay.port), "a") as publisher:
        assert publisher.wait_connected(WITHIN_S)
        for number in range(300):
            if number == 100:
                wait_until(lambda: publisher.unacknowledged == 0, "all acknowledged before")
                relay.swallows = True
            if number == 110:
                relay.cut()
                wait_until(lambda: not publisher.connected, "cut")
                relay.swallows = False
            publisher.publish(EVENT_START, episode_start("sad", number))
        publisher.publish(HEALTH, health())
        wait_until(lambda: publisher.unacknowledged == 0, "all acknowledged")
        assert publisher.status.reconnects == 1
    received_numbers = starts(until(subscriber, "edged/a/health", encoded(health())))
    assert list(dict.fromkeys(received_numbers)) == list(range(300))


def test_restarted_broker_gets_the_retained_topics_again(mosquitto: Mosquitto) -> None:
    """A broker without persistence gets the newest states again, without a change."""
    with Publisher(mosquitto.mqtt, "a") as publisher:
        publisher.publish(EMOTION, emotion_state("angry"))
        publisher.publish(HEALTH, health())
        publisher.publish(EVENT_START, episode_start("angry"))
        wait_until(lambda: publisher.unacknowledged == 0, "all acknowledged")
        mosquitto.kill()
        wait_until(lambda: not publisher.connected, "lost")
        publisher.publish(EMOTION, emotion_state("sad"))
        publisher.publish(EMOTION, emotion_state("happy"))
        mosquitto.start()
        wait_until(lambda: publisher.connected and publisher.unacknowledged == 0, "all acknowledged again")
        assert publisher.status.reconnects == 1
        retained = mosquitto.retained()
    assert retained.keys() == {"edged/a/availability", "edged/a/emotion", "edged/a/health"}
    assert retained["edged/a/availability"] == b"online"
    assert b'"happy"' in retained["edged/a/emotion"]


def test_stalled_broker_is_seen_in_what_is_unacknowledged(mosquitto: Mosquitto) -> None:
    """Publishing does not block while nothing is acknowledged."""
    with Publisher(mosquitto.mqtt, "a") as publisher:
        assert publisher.wait_connected(WITHIN_S)
        mosquitto.pause()
        for number in range(100):
            publisher.publish(EVENT_START, episode_start("sad", number))
        assert publisher.unacknowledged == 100
        mosquitto.resume()
        wait_until(lambda: publisher.unacknowledged == 0, "all acknowledged")
