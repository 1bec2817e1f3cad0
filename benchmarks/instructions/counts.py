"""Instructions that a part of the program takes, counted by valgrind: the same on every run and under any load.

    workload ──valgrind --tool=callgrind, switched on for a part──► instructions a call, by part

valgrind runs the program on a processor of its own making: with AVX2 beneath it, whatever the machine has beyond that,
numpy, OpenBLAS and XNNPACK choose the same kernels everywhere.  Counts therefore agree between processors, but not
between versions of these packages; ``.ci/constraints.txt`` pins them.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from benchmarks.instructions.workload import REPEATS, WINDOW

_TOTAL = re.compile(rb"^totals: (\d+)", re.MULTILINE)
_ALLOCATION = re.compile(
    r"^cfn=(malloc|calloc|realloc|posix_memalign|aligned_alloc|memalign)\ncalls=(\d+)", re.MULTILINE
)
_WITHIN_S = 800
# Hashes, and so the layout of dicts, would differ between runs; a thread would be counted by chance.
_SAME = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def why_not() -> str:
    """Why counts of this machine could not be compared with others; empty if they can."""
    if shutil.which("valgrind") is None or shutil.which("vgdb") is None:
        return "needs valgrind: apt-get install valgrind"
    if platform.machine() != "x86_64" or " avx2 " not in Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        return "needs an x86-64 processor with AVX2, whose kernels are counted"
    return ""


def counted() -> dict[str, int]:
    """Instructions of one call of each part."""
    return {part: total // REPEATS[part] for part, total in zip(REPEATS, _totals(), strict=True)}


def n_allocations() -> int:
    """Calls of malloc and its kin for one window of speech; Python's own allocator is off, so all of them count."""
    dumped = _dumps({"PYTHONMALLOC": "malloc"})[list(REPEATS).index(WINDOW)].decode()
    return sum(int(count) for _, count in _ALLOCATION.findall(dumped)) // REPEATS[WINDOW]


def _totals() -> list[int]:
    return [int(match[1]) for dumped in _dumps({}) if (match := _TOTAL.search(dumped))]


def _dumps(environment: dict[str, str]) -> list[bytes]:
    """callgrind's output for each part."""
    with tempfile.TemporaryDirectory(prefix="edged-counts-") as name:
        output, prefix = Path(name) / "counts", f"--vgdb-prefix={name}/vgdb"
        tool = ["--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={output}", "--compress-strings=no"]
        running = subprocess.Popen(
            ["valgrind", "-q", prefix, *tool, sys.executable, "-m", "benchmarks.instructions.workload"],
            env=os.environ | _SAME | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        limit = threading.Timer(_WITHIN_S, running.kill)
        limit.start()
        try:
            _run_parts(running, prefix)
        finally:
            limit.cancel()
            running.kill()  # its end would take longer than the parts
            running.communicate()
        return [Path(f"{output}.{number}").read_bytes() for number in range(1, len(REPEATS) + 1)]


def _run_parts(running: subprocess.Popen[bytes], prefix: str) -> None:
    """Run each part and write its counts; a dump also sets them to zero."""
    _expect(running, "ready")
    # Switched on once: each switch translates the whole program anew.
    _tell(prefix, "instrumentation", "on")
    _tell(prefix, "zero")
    for part in REPEATS:
        if running.stdin is not None:
            running.stdin.write(b"\n")
            running.stdin.flush()
        _expect(running, f"done {REPEATS[WINDOW] if part == WINDOW else 0}")
        _tell(prefix, "dump")


def _expect(running: subprocess.Popen[bytes], expected: str) -> None:
    line = running.stdout.readline().decode().strip() if running.stdout else ""
    if line != expected:
        raise RuntimeError(f"the counted program printed {line!r}, expected {expected!r}")


def _tell(prefix: str, *command: str) -> None:
    subprocess.run(["vgdb", prefix, *command], check=True, capture_output=True, timeout=_WITHIN_S)
