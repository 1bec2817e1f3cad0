"""What a node publishes, as an iterator would have it: topic, payload and the retained flag, one at a time.

    <root>/<node>/# ──► paho's thread ──► bounded queue ──► received(timeout_s)

For ``edged watch`` and for tests: a client of its own, with a random id, that never publishes.
"""

import contextlib
import queue
import secrets
from typing import Self

from edged.config.structs import Mqtt
from edged.contract.topics import Received
from edged.mqtt.connection import Connection


class Subscriber:
    """Subscribes below ``<root>/``; ``with`` opens and closes it.

    ``limit`` messages wait at most; when one more comes the oldest goes and ``dropped`` counts it.
    """

    def __init__(self, mqtt: Mqtt, node: str = "+", *, limit: int = 1000) -> None:
        self._queue: queue.Queue[Received] = queue.Queue(limit)
        self.dropped = 0
        self._connection = Connection(
            mqtt,
            f"edged-watch-{secrets.token_hex(4)}",
            subscriptions=[f"{mqtt.root}/{node}/#"],
            on_received=self._keep,
        )

    def __enter__(self) -> Self:
        """Begin to connect and subscribe; raises as ``Connection`` does."""
        self._connection.__enter__()
        return self

    def __exit__(self, *fault: object) -> None:
        """Disconnect."""
        self._connection.__exit__(*fault)

    @property
    def connected(self) -> bool:
        """Whether the subscription is in force now."""
        return self._connection.connected

    @property
    def reason(self) -> str:
        """How it stands with the broker, in words."""
        return self._connection.reason

    def wait_connected(self, within_s: float) -> bool:
        """Whether the subscription is in force, waiting for it at most ``within_s``."""
        return self._connection.wait_connected(within_s)

    def received(self, timeout_s: float) -> Received | None:
        """The next message; None when none came within ``timeout_s``."""
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
