"""An MQTT broker inside the program, on a free loopback port; the only file that uses amqtt.

    with EmbeddedBroker() as broker:  ──► Mqtt(host="127.0.0.1", port=broker.port)

amqtt uses asyncio and the rest of the program does not, so the broker has its own thread and event loop.  Other threads
touch only the event that stops it.
"""

import asyncio
import contextlib
import logging
import socket
import threading
from typing import TYPE_CHECKING, Self

from edged.errors import PublishError, UsageError

if TYPE_CHECKING:
    from amqtt.broker import Broker

_OPEN_S = 15.0  # until it listens; importing amqtt alone takes seconds on a Raspberry Pi Zero
_CLOSE_S = 10.0
_LOGGERS = ("amqtt", "transitions", "websockets")


class EmbeddedBroker:
    """``with`` starts and stops it; ``port`` is set while it runs."""

    def __init__(self) -> None:
        self.port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._listens = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="edged-demo-broker", daemon=True)

    def __enter__(self) -> Self:
        """Start it and wait until it listens.

        Raises:
            UsageError: amqtt is not installed.
            PublishError: it cannot listen.
        """
        try:
            import amqtt.broker  # noqa: PLC0415 -- an optional dependency, used by the demo only
        except ImportError as exc:
            message = f"the demo's broker is not installed ({exc}): pip install 'edged[demo]'"
            raise UsageError(message) from exc
        self._broker_class: type[Broker] = amqtt.broker.Broker
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.port = _free_port()
        self._thread.start()
        if not self._listens.wait(_OPEN_S) or self._fault is not None:
            why = self._fault or "no answer"
            raise PublishError(f"the demo's broker does not listen on 127.0.0.1:{self.port}: {why}")
        return self

    def __exit__(self, *_fault: object) -> None:
        """Close all connections and the port."""
        if self._loop is not None and self._end is not None:
            with contextlib.suppress(RuntimeError):  # the loop has already ended
                self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as exc:  # noqa: BLE001 -- raised again by __enter__
            self._fault = exc
        finally:
            self._listens.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        broker = self._broker_class(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}},
                "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
            }
        )
        await broker.start()
        self._listens.set()
        await self._end.wait()
        await broker.shutdown()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
