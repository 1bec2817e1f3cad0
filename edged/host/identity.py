"""Which device this is, and what it is called where the config gives it no name.

    /etc/machine-id ──SHA-256 of our own──► device id ──first half──► node "edged-3f9a1c2e"

A new installation of the program keeps it, a hundred devices of one image whose machine ids are made at their first
boot differ, and the host's name, which is ``raspberrypi`` on most of them, plays no part.  machine-id(5) asks for a
hash, since the id itself is no one else's business.
"""

import hashlib
import socket
from functools import cache
from pathlib import Path

_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_LENGTH = 16  # hexadecimal digits: 64 bits


@cache  # the announcement asks thirty times a second
def device_id() -> str:
    """16 hexadecimal digits, the same over restarts and reinstallations."""
    return device_id_from(_MACHINE_IDS)


def device_id_from(machine_ids: tuple[Path, ...]) -> str:
    """Of the first of these files that holds an id; of the host's name where none does."""
    for file in machine_ids:
        try:
            found = file.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            continue
        if found and found != "uninitialized":  # what an image holds before its first boot
            return _hashed(found)
    return _hashed(socket.gethostname())


def node_name(configured: str) -> str:
    """The node's name: as configured, or one of the device's id."""
    return configured or f"edged-{device_id()[: _LENGTH // 2]}"


def client_id(node: str) -> str:
    """The MQTT client id of this device as ``node``: one connection per broker, the same after a restart."""
    return f"edged-{node}-{device_id()[: _LENGTH // 2]}"


def _hashed(text: str) -> str:
    return hashlib.sha256(f"edged {text}".encode()).hexdigest()[:_LENGTH]
