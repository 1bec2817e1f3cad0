"""One running edged per node on a machine: a lock that ends with its process, and who holds it.

    node, root, port ──SHA-256──► abstract unix socket @edged-<hash>         bound: the lock
                                  abstract unix socket @edged-<hash>/<pid>   bound: who holds it

A second daemon with the same node has the same MQTT client id, and the broker would disconnect the two in turn,
forever.  A file could not tell: the daemon of systemd and one started over ssh have different users and state folders.
An abstract socket belongs to no folder and no user, and the kernel removes it however the process ends.  The broker's
host is left out of the name, since ``localhost`` and ``127.0.0.1`` are one broker.
"""

import errno
import hashlib
import os
import re
import socket
import time
from pathlib import Path
from typing import Self

from edged.errors import AlreadyRunningError

_SOCKETS = Path("/proc/self/net/unix")
_POLL_S = 0.5


class InstanceLock:
    """Held from entering to leaving; other programs on this machine see it, whoever runs them."""

    def __init__(self, node: str, root: str, port: int, *, wait_s: float = 0.0) -> None:
        """Entering waits up to ``wait_s`` for another holder to exit."""
        self._node = node
        digest = hashlib.sha256(f"{port}/{root}/{node}".encode()).hexdigest()[:32]
        self._name = f"edged-{digest}"
        self._wait_s = wait_s
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            AlreadyRunningError: another process has it, and keeps it.
        """
        until_s = time.monotonic() + self._wait_s
        while not self._taken():
            if time.monotonic() >= until_s:
                pid = self.holder()
                who = f", pid {pid}" if pid else ""
                raise AlreadyRunningError(f"edged already runs here as node {self._node}{who}; stop it first")
            time.sleep(_POLL_S)
        self._bind(f"{self._name}/{os.getpid()}")
        return self

    def __exit__(self, *_fault: object) -> None:
        """Release the lock."""
        while self._sockets:
            self._sockets.pop().close()

    def holder(self) -> int | None:
        """Process id of the holder; None if nobody holds the lock, or the system does not say who."""
        try:
            sockets = _SOCKETS.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        match = re.search(rf" @{self._name}/(\d+)$", sockets, re.MULTILINE)
        return int(match[1]) if match else None

    def _taken(self) -> bool:
        try:
            self._bind(self._name)
        except OSError as exc:
            if exc.errno != errno.EADDRINUSE:
                raise
            return False
        return True

    def _bind(self, name: str) -> None:
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        try:
            bound.bind(f"\0{name}")
        except BaseException:
            bound.close()
            raise
        self._sockets.append(bound)
