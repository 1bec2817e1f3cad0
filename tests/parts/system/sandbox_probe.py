"""Runs inside the service's sandbox and tries what it must allow and what it must not; prints one line of JSON.

Every entry is "ok" or the name of the error.  Standalone: it is copied into a container.
"""

import ctypes
import errno
import json
import mmap
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

PAGE = mmap.PAGESIZE
WRITE_EXECUTE = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC


def outcome(attempt: Callable[[], object]) -> str:
    """``"ok"``, or the name of the error."""
    try:
        attempt()
    except OSError as exc:
        return errno.errorcode.get(exc.errno or 0, str(exc))
    return "ok"


def written(folder: str) -> str:
    """Write a file in ``folder``."""
    file = Path(folder) / "probe"
    results = outcome(lambda: file.write_text("x"))
    if results == "ok":
        file.unlink()
    return results


def made_executable() -> None:
    """Make a writable page executable, as a JIT compiler does."""
    libc = ctypes.CDLL(None, use_errno=True)
    with mmap.mmap(-1, PAGE, prot=mmap.PROT_READ | mmap.PROT_WRITE) as page:
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        if libc.mprotect(ctypes.c_void_p(address), PAGE, mmap.PROT_READ | mmap.PROT_EXEC):
            raise OSError(ctypes.get_errno(), "mprotect")


def status() -> dict[str, str]:
    """Lines of /proc/self/status about capabilities and filters."""
    lines = (line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return {name: value.strip() for name, value in lines if name in {"CapEff", "CapBnd", "NoNewPrivs", "Seccomp"}}


def main() -> None:
    """Print the results."""
    credentials = Path(os.environ["CREDENTIALS_DIRECTORY"])
    state = os.environ["STATE_DIRECTORY"]
    folders = [state, "/tmp", "/etc", "/etc/edged", "/usr/lib", "/opt/edged", "/var/lib", "/var/log", "/run", "/dev"]  # noqa: S108
    results = {
        "user": os.getuid(),
        "groups": len(os.getgroups()),
        "state": state,
        "credential": (credentials / "mqtt_password").read_text(encoding="utf-8"),
        "root_only": outcome(lambda: Path("/etc/edged/mqtt_password").read_bytes()),
        "written": {folder: written(folder) for folder in folders},
        "home": outcome(lambda: list(Path("/root").iterdir())),
        "write_execute": outcome(lambda: mmap.mmap(-1, PAGE, prot=WRITE_EXECUTE)),
        "made_executable": outcome(made_executable),
        "packet_socket": outcome(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
        "tcp_socket": outcome(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
        "setuid": outcome(lambda: os.setuid(0)),
        "clock": outcome(lambda: time.clock_settime(time.CLOCK_REALTIME, time.time())),
        "processes_of_others": sum(
            entry.name.isdigit() and entry.stat().st_uid != os.getuid() for entry in Path("/proc").iterdir()
        ),
        "sound_device": outcome(lambda: os.close(os.open("/dev/snd/probe", os.O_RDWR))),
        "cpuinfo": outcome(lambda: Path("/proc/cpuinfo").read_bytes()),
        "status": status(),
    }
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
