"""Notifications to systemd: READY=1, WATCHDOG=1, STATUS=, STOPPING=1.

    state ──datagram──► $NOTIFY_SOCKET, or nothing where the daemon is not a service

The protocol is sd_notify(3).  The watchdog is fed by windows that went through the pipeline, never by a timer: a deaf
daemon must look dead.
"""

import logging
import os
import socket

_log = logging.getLogger(__name__)
_refused: set[str] = set()  # sockets that refused the last notification: logged once, not with each window


def is_service() -> bool:
    """Whether systemd started this process and waits for its READY=1."""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def notify(*states: str) -> None:
    """Sends each of ``states`` (``"READY=1"``, ``"STATUS=listening"``); never blocks and never fails the daemon."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket, named by a leading zero byte
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(0)
            sender.sendto("\n".join(states).encode(), address)
    except OSError as exc:
        if address not in _refused:
            # Nothing else can be done: if it lasts, the watchdog ends this process.
            _log.warning(
                "notifying systemd of %s failed: %s; further failures are not logged until one succeeds", states[0], exc
            )
        _refused.add(address)
    else:
        _refused.discard(address)
