"""The device's identity, and its node name where the config gives none.

    /etc/machine-id ──SHA-256 of our own──► device id ──first half──► node "edged-3f9a1c2e"

The id survives a new installation of the program.  A hundred devices from one image differ, since each makes its
machine id at its first boot, and the host name, ``raspberrypi`` on most of them, is not used.  machine-id(5) asks for a
hash: the id itself is confidential.
"""

import hashlib
import socket
from functools import cache
from pathlib import Path

_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_LENGTH = 16  # hexadecimal digits: 64 bits


@cache  # the id of a running machine does not change
def device_id() -> str:
    """16 hexadecimal digits, the same over restarts and reinstallations."""
    return device_id_from(_MACHINE_IDS)


def device_id_from(machine_ids: tuple[Path, ...]) -> str:
    """The device id from the first of these files that has one, else from the host name."""
    for file in machine_ids:
        try:
            machine_id = file.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            continue
        if machine_id and machine_id != "uninitialized":  # as in an image before its first boot
            return _hashed(machine_id)
    return _hashed(socket.gethostname())


def node_name(configured: str) -> str:
    """The node's name: as configured, or made of the device id."""
    return configured or f"edged-{device_id()[: _LENGTH // 2]}"


def hub_name(configured: str) -> str:
    """The hub's name: as configured, or made of the device id."""
    return configured or f"hub-{device_id()[: _LENGTH // 2]}"


def client_id(node: str) -> str:
    """The MQTT client id of this device as ``node``: one connection per broker, the same after a restart."""
    return f"edged-{node}-{device_id()[: _LENGTH // 2]}"


def _hashed(text: str) -> str:
    return hashlib.sha256(f"edged {text}".encode()).hexdigest()[:_LENGTH]
