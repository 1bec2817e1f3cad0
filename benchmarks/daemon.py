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

from benchmarks.parts import ALLOCATED, LIBRARIES, PACKAGES, PIPELINE, PULSEAUDIO, READER
from edged.models.interpreter import Runtime

_READY_S, _END_S = 120.0, 20.0
_FIELDS = 5  # of a mapping in smaps, before its file
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

    def cpu_by_thread_s(self) -> dict[str, float]:
        """CPU time of the pipeline (the first thread), of the reader and of PulseAudio's thread, as far as they run.

        Python names no threads to the kernel: the reader is the busiest of the others.
        """
        busy_s = {folder.name: _thread(folder) for folder in Path(f"/proc/{self.pid}/task").iterdir()}
        found = {PIPELINE: busy_s.pop(str(self.pid))[1]}
        found[PULSEAUDIO] = sum(spent_s for name, spent_s in busy_s.values() if name.startswith("threaded-ml"))
        others_s = [spent_s for name, spent_s in busy_s.values() if not name.startswith("threaded-ml")]
        return found | {READER: max(others_s, default=0.0)}

    def memory_by_part_mb(self) -> dict[str, float]:
        """Pss of what the process allocated, of its own packages' files, and of the system's libraries."""
        parts = dict.fromkeys((ALLOCATED, PACKAGES, LIBRARIES), 0.0)
        part = ""
        for line in Path(f"/proc/{self.pid}/smaps").read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key == "Pss":
                parts[part] += int(value.split()[0]) / 1024
            elif "-" in key.split(" ")[0] and len(fields := line.split(maxsplit=5)) >= _FIELDS:
                part = _part_of(fields[5] if len(fields) > _FIELDS else "")
        return parts

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


def _thread(folder: Path) -> tuple[str, float]:
    """Name and CPU time of a thread; nothing of one that has just ended."""
    try:
        name = (folder / "comm").read_text(encoding="utf-8").strip()
        return name, int((folder / "schedstat").read_text(encoding="ascii").split()[0]) / 1e9
    except OSError:
        return "", 0.0


def _part_of(file: str) -> str:
    if not file.startswith("/"):
        return ALLOCATED
    of_python = "python" in file.lower() or "/site-packages/" in file
    return PACKAGES if of_python else LIBRARIES


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
