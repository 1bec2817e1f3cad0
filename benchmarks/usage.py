"""CPU time and peak memory of a program: a command, or this process.

command ──a small process that starts it and waits──► CPU seconds of all threads, MB

The kernel counts the memory of whoever started a program to the program's peak, so it is started by a process that has
little; and a process asks the kernel for the peak of its own memory.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, NamedTuple

_PROGRAM = """\
import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[1], "w") as file:
    file.write(f"{usage.ru_utime + usage.ru_stime} {usage.ru_maxrss / 1024} {os.waitstatus_to_exitcode(status)}")
"""


class Usage(NamedTuple):
    """Of one run."""

    busy_s: float  # CPU time of all threads
    peak_mb: float


def usage_of(command: list[str], stdout: int | IO[bytes] = subprocess.DEVNULL) -> Usage:
    """Runs ``command``, whose first word is a path, with this ``stdout``.

    Raises:
        RuntimeError: it failed.
    """
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "usage"
        subprocess.run([sys.executable, "-S", "-c", _PROGRAM, str(file), *command], stdout=stdout, check=True)
        busy_s, peak_mb, status = file.read_text(encoding="ascii").split()
    if int(status):
        raise RuntimeError(f"{' '.join(command[-3:])} ended with {status}")
    return Usage(float(busy_s), float(peak_mb))


def own_peak_mb() -> float:
    """The most that this process has had resident."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
