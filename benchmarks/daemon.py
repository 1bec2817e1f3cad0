"""A real ``edged run`` with a virtual microphone and a real mosquitto, observed from outside.

config ──edged run──► READY on a socket of ours, CPU time and Pss from /proc
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from edged.models.interpreter import Runtime

_READY_S, _END_S = 120.0, 20.0
# One runtime at a time: the other is made unimportable.
_PROGRAM = "import sys; sys.modules[{other!r}] = None; from edged.cli.main import main; sys.exit(main(sys.argv[1:]))"
_OTHER: dict[Runtime | None, str] = {
    "ai-edge-litert": "tflite_runtime",
    "tflite-runtime": "ai_edge_litert",
    None: "no_such_module",
}


def edged(*arguments: str, runtime: Runtime | None = None) -> list[str]:
    """The command line of ``edged``, with this runtime only."""
    return [sys.executable, "-c", _PROGRAM.format(other=_OTHER[runtime]), *arguments]


def lacking() -> str:
    """What a virtual microphone and a broker need and this machine lacks; empty if nothing."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
    missing = [name for name in ("pulseaudio", "paplay", "mosquitto") if shutil.which(name, path=path) is None]
    return f"needs {', '.join(missing)}" if missing else ""


class Daemon:
    """A running one."""

    def __init__(self, pid: int, ready_s: float) -> None:
        self.pid, self.ready_s = pid, ready_s  # ready_s: from its start to READY=1

    def cpu_s(self) -> float:
        """CPU time of all threads since its start."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self, name: str = "Pss") -> float:
        """``Pss`` or ``Rss`` of its smaps_rollup."""
        return memory_mb(self.pid, name)


@contextmanager
def running(config: dict[str, Any], environment: dict[str, str], runtime: Runtime | None = None) -> Iterator[Daemon]:
    """``edged run`` from its READY on; ends it with SIGTERM.

    Raises:
        RuntimeError: it ended, or was not ready in time; the message has its last line of stderr.
    """
    with (
        tempfile.TemporaryDirectory(prefix="edged-bench-") as name,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices,
    ):
        folder = Path(name)
        notices.bind(f"{name}/notify")
        file = folder / "config.yaml"
        file.write_bytes(msgspec.json.encode({"node": "bench", "state_dir": f"{name}/state"} | config))  # JSON is YAML
        began_s = time.monotonic()
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                edged("run", "--config", str(file), runtime=runtime),
                env=environment | {"NOTIFY_SOCKET": f"{name}/notify"},
                stderr=log,
            )
        try:
            if not _ready(notices, process):
                raise RuntimeError(f"edged run is not ready: {(folder / 'log').read_text().strip().splitlines()[-1:]}")
            yield Daemon(process.pid, time.monotonic() - began_s)
        finally:
            process.terminate()
            process.wait(_END_S)


def memory_mb(pid: int, name: str) -> float:
    """A field of a process' smaps_rollup."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"/proc/{pid}/smaps_rollup has no {name}")


def _ready(notices: socket.socket, process: subprocess.Popen[bytes]) -> bool:
    until_s = time.monotonic() + _READY_S
    notices.settimeout(0.5)
    while time.monotonic() < until_s and process.poll() is None:
        try:
            if b"READY=1" in notices.recv(4096).splitlines():
                return True
        except TimeoutError:
            continue
    return False
