"""Removes Home Assistant discovery messages from the broker, whether or not the daemon or the hub runs.

    discovery topics ──subscribe──► retained messages ──publish empty, retained──► broker ──acknowledged──► topics

Home Assistant removes an entity, also from its dashboards, when its discovery message is empty.
"""

import queue
import secrets
import threading
import time
from collections.abc import Collection, Iterable

from edged.config.structs import Mqtt
from edged.contract.topics import Received
from edged.errors import PublishError, counted
from edged.homeassistant.discovery import filters
from edged.mqtt.connection import Connection
from edged.mqtt.subscriptions import Subscription

_CONNECT_S = 5.0
_QUIET_S = 1.0  # without a message: all retained ones have arrived
_ACKNOWLEDGE_S = 10.0
_MAX_TOPICS = 1000  # of one device or place; others may publish there too


def remove(mqtt: Mqtt, identifiers: Collection[str], prefix: str, known: Iterable[str]) -> list[str]:
    """Clear all discovery topics of ``identifiers``, and ``known``, which the broker may not allow us to read.

    Returns the topics.

    Raises:
        PublishError: the broker is out of reach, refuses the connection, or does not acknowledge.
        ConfigError: the password cannot be read, or the host is not a valid name.
    """
    held: queue.Queue[Received] = queue.Queue(_MAX_TOPICS * len(identifiers))
    waiting: set[int] = set()  # mids; an acknowledgement may arrive before its send returns
    acknowledged_mids: set[int] = set()
    changed = threading.Condition()

    def keep(received: Received) -> None:
        if not held.full():
            held.put_nowait(received)

    def acknowledged(mid: int) -> None:
        with changed:
            acknowledged_mids.add(mid)
            changed.notify_all()

    broker = f"broker {mqtt.host}:{mqtt.tcp_port}"
    with Connection(
        mqtt,
        f"edged-discovery-{secrets.token_hex(4)}",
        subscriptions=[
            Subscription(one, required=False) for identifier in identifiers for one in filters(identifier, prefix)
        ],
        on_received=keep,
        on_acknowledged=acknowledged,
    ) as connection:
        if not connection.wait_connected(_CONNECT_S):
            raise PublishError(f"{broker}: {connection.reason}, expected one that accepts messages")
        topics = sorted({*known, *_topics(held)})
        for topic in topics:
            mid = connection.send(topic, b"", 1, retained=True)
            if mid is None:
                raise PublishError(f"{broker}: {connection.reason}, expected it to accept all messages")
            waiting.add(mid)
        with changed:
            if not changed.wait_for(lambda: waiting <= acknowledged_mids, _ACKNOWLEDGE_S):
                raise PublishError(
                    f"{broker}: not acknowledged: {counted(len(waiting - acknowledged_mids), 'message')}"
                )
    return topics


def _topics(held: "queue.Queue[Received]") -> list[str]:
    topics = []
    deadline_s = time.monotonic() + _ACKNOWLEDGE_S
    while time.monotonic() < deadline_s:
        try:
            received = held.get(timeout=_QUIET_S)
        except queue.Empty:
            break
        if received.payload:
            topics.append(received.topic)
    return topics
