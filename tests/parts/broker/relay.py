"""TCP relay in front of a real broker; a test can take it away, make it drop data, or cut its connections.

    client ──► Relay.port ──► broker's port

A test cuts one client's connection through the relay and watches the broker through another client.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Self

from tests.parts.broker.mosquitto import free_port


class Relay:
    """Listens from ``start`` on; ``cut`` closes the connections, ``close`` (or leaving ``with``) closes everything.

    While ``swallows`` is set, data is dropped.  While ``lets_in`` is unset, or the broker is down,
    new connections are closed at once.
    """

    def __init__(self, broker_port: int) -> None:
        self.port = free_port()
        self.swallows = False
        self.lets_in = True
        self._broker_port = broker_port
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._closing = threading.Lock()
        self._ended: set[tuple[socket.socket, socket.socket]] = set()  # half-closed: the other direction is still open

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self.close()

    def start(self) -> Self:
        """Start to listen and relay."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._in_thread(self._accept, self._listener)
        return self

    def cut(self) -> None:
        """Close all connections and drop data in flight."""
        while self._open:
            with contextlib.suppress(OSError):
                self._open.pop().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close everything and join the threads."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
        self.cut()
        for thread in self._threads:
            thread.join()

    def _in_thread(self, target: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, name="edged-test-relay")
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with listener, contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                broker = self._reached()
                if broker is None:
                    client.close()
                    continue
                self._open += [client, broker]
                self._in_thread(self._pass_on, client, broker)
                self._in_thread(self._pass_on, broker, client)

    def _reached(self) -> socket.socket | None:
        if self.lets_in:
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", self._broker_port))
        return None

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        """Copy until ``source`` ends; data that a broker wrote before it was killed still arrives."""
        with contextlib.suppress(OSError):
            while content := source.recv(65_536):
                with contextlib.suppress(OSError):
                    if not self.swallows:
                        target.sendall(content)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
        self._half_closed(source, target)

    def _half_closed(self, source: socket.socket, target: socket.socket) -> None:
        """Close both sockets once both directions have ended."""
        with self._closing:
            first = (target, source) not in self._ended
            if first:
                self._ended.add((source, target))
            else:
                self._ended.remove((target, source))
        if not first:
            source.close()
            target.close()
