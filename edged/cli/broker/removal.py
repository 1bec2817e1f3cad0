"""Takes away what Home Assistant was told of this device, whether or not the daemon runs.

    our discovery topics ──subscribe──► what the broker holds ──empty, retained──► broker ──acknowledged──► their number

Home Assistant removes an entity, its place in dashboards included, when its discovery message is emptied.
"""

import queue
import secrets
import threading
import time
from collections.abc import Iterable

from edged.config.structs import Mqtt
from edged.contract.topics import Received
from edged.errors import PublishError
from edged.homeassistant.discovery import filters
from edged.mqtt.connection import Connection
from edged.mqtt.subscriptions import Subscription

_CONNECT_S = 5.0
_QUIET_S = 1.0  # after which what is retained has come
_CONFIRM_S = 10.0
_MAX_TOPICS = 1000  # topics; others may write to them too


def remove(mqtt: Mqtt, identifier: str, prefix: str, known: Iterable[str]) -> list[str]:
    """Empty all that the broker holds for ``identifier``, of either kind, and ``known``, which it may not let us read.

    Returns the topics.

    Raises:
        PublishError: the broker is out of reach, refuses us, or does not confirm.
        ConfigError: the password cannot be read, or the host is not a name.
    """
    held: queue.Queue[Received] = queue.Queue(_MAX_TOPICS)
    waiting: set[int] = set()  # mids; a confirmation may come before its send returns
    confirmed: set[int] = set()
    changed = threading.Condition()

    def keep(received: Received) -> None:
        if not held.full():
            held.put_nowait(received)

    def acknowledged(mid: int) -> None:
        with changed:
            confirmed.add(mid)
            changed.notify_all()

    broker = f"broker {mqtt.host}:{mqtt.tcp_port}"
    with Connection(
        mqtt,
        f"edged-discovery-{secrets.token_hex(4)}",
        subscriptions=[Subscription(one, required=False) for one in filters(identifier, prefix)],
        on_received=keep,
        on_acknowledged=acknowledged,
    ) as connection:
        if not connection.wait_connected(_CONNECT_S):
            raise PublishError(f"{broker}: {connection.reason}, expected one that takes messages")
        topics = sorted({*known, *_topics(held)})
        for topic in topics:
            mid = connection.send(topic, b"", 1, retained=True)
            if mid is None:
                raise PublishError(f"{broker}: {connection.reason}, expected it to take all messages")
            waiting.add(mid)
        with changed:
            if not changed.wait_for(lambda: waiting <= confirmed, _CONFIRM_S):
                raise PublishError(f"{broker}: {len(waiting - confirmed)} messages were not confirmed")
    return topics


def _topics(held: "queue.Queue[Received]") -> list[str]:
    found = []
    deadline_s = time.monotonic() + _CONFIRM_S
    while time.monotonic() < deadline_s:
        try:
            received = held.get(timeout=_QUIET_S)
        except queue.Empty:
            break
        if received.payload:
            found.append(received.topic)
    return found
