"""Serves an application on one address until a signal; the only file that knows uvicorn.

    host, port ──bind──► URL printed ──► requests ──SIGTERM, SIGINT──► current requests end, the application closes

A second signal ends the process at once.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import uvicorn

from edged.errors import ConfigError, EdgedError, UsageError

_GRACE_S = 2  # for requests that are being served; an upload in work ends with it
_MAX_CONNECTIONS = 100
_BACKLOG = 64

_log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Says when it takes requests, and leaves signals to ``serve``.

    uvicorn would raise a signal again at its end, and the process would have the status of a killed one.
    """

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Origin(NamedTuple):
    """Where an address comes from, so that an error names it: a key of the config, or an option."""

    host: str = "web.host"
    port: str = "web.port"

    @property
    def host_error(self) -> type[EdgedError]:
        """What to raise for a wrong host."""
        return UsageError if self.host.startswith("--") else ConfigError

    @property
    def error(self) -> type[EdgedError]:
        """What to raise for a wrong host or port."""
        return UsageError if self.port.startswith("--") else self.host_error


def listening(host: str, port: int, origin: Origin) -> socket.socket:
    """A socket on ``host`` and ``port``; 0 is any free port.

    Raises:
        ConfigError, UsageError: by ``origin``: the address is not one of this machine, or is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(_BACKLOG)
    except OSError as exc:
        bound.close()
        reason = exc.strerror or exc
        named = f"{origin.host} {host}, {origin.port} {port}"
        raise origin.error(f"{named}: {reason}, expected a free port of this machine") from exc
    return bound


def serve(app: Any, bound: socket.socket, ready: Callable[[], None]) -> None:  # noqa: ANN401 -- an ASGI application
    """Serve ``app`` on the socket until SIGTERM or SIGINT; ``ready`` is called once requests are taken."""
    asyncio.run(_serve(app, bound, ready))


async def _serve(app: Any, bound: socket.socket, ready: Callable[[], None]) -> None:  # noqa: ANN401 -- as above
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="on",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MAX_CONNECTIONS,
            timeout_graceful_shutdown=_GRACE_S,
        ),
        ready,
    )
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        if server.should_exit:
            os._exit(128 + number)
        _log.info("%s: stopping", number.name)
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    await server.serve(sockets=[bound])
