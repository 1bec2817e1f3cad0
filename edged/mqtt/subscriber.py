"""Receives what nodes publish: topic, payload and the retained flag, one message at a time.

    <root>/<node>/# ──► paho's thread ──► bounded queue ──► received(timeout_s)

For ``edged watch``, ``edged mcp`` and tests.  The client has a random id and never publishes.
"""

import contextlib
import queue
import secrets
from collections.abc import Sequence
from typing import Self

from edged.config.structs import Mqtt
from edged.contract.topics import Received
from edged.mqtt.connection import Connection
from edged.mqtt.subscriptions import Subscription


class Subscriber:
    """Subscribes below ``<root>/``, and to ``others``; ``with`` opens and closes it.

    At most ``limit`` messages wait; one more replaces the oldest, and ``dropped`` counts it.
    """

    def __init__(self, mqtt: Mqtt, node: str = "+", *, others: Sequence[Subscription] = (), limit: int = 1000) -> None:
        self._queue: queue.Queue[Received] = queue.Queue(limit)
        self.dropped = 0
        self._connection = Connection(
            mqtt,
            f"edged-watch-{secrets.token_hex(4)}",
            subscriptions=[f"{mqtt.root}/{node}/#", *others],
            on_received=self._keep,
        )

    def __enter__(self) -> Self:
        """Start to connect and subscribe; raises as ``Connection`` does."""
        self._connection.__enter__()
        return self

    def __exit__(self, *fault: object) -> None:
        """Disconnect."""
        self._connection.__exit__(*fault)

    @property
    def connected(self) -> bool:
        """Whether the subscription is active."""
        return self._connection.connected

    @property
    def reason(self) -> str:
        """The state of the connection, in words."""
        return self._connection.reason

    def wait_connected(self, within_s: float) -> bool:
        """Whether the subscription is active, waiting at most ``within_s`` for it."""
        return self._connection.wait_connected(within_s)

    def received(self, timeout_s: float) -> Received | None:
        """The next message; None if none arrived within ``timeout_s``."""
        try:
            return self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def _keep(self, received: Received) -> None:
        while True:
            try:
                self._queue.put_nowait(received)
            except queue.Full:
                with contextlib.suppress(queue.Empty):  # the reader took the oldest meanwhile
                    self._queue.get_nowait()
                    self.dropped += 1
            else:
                return
