"""Runs measurements, each in a process of its own, and stores what they return.

    Entry ──python -m benchmarks --child NAME──► Outcome as JSON on stdout ──► build/benchmarks/NAME.json

One thread each for BLAS and OpenMP, set before numpy is imported; a measurement that fails or takes too long is stored
as missing, with the reason, and the others run.
"""

import contextlib
import os
import subprocess
import sys
import time
from datetime import UTC, datetime

import msgspec

from benchmarks import machine
from benchmarks.catalogue import Entry
from benchmarks.result import Outcome, Result, save, saved

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def is_done(entry: Entry, commit: str) -> bool:
    """Whether the stored result is of this commit, and was measured."""
    result = saved(entry.name)
    return result is not None and result.commit == commit and not result.outcome.missing


def run(entry: Entry, commit: str) -> Result:
    """Measures and stores."""
    before, began_s = machine.load(), time.monotonic()
    outcome, first = _outcome(entry)
    result = Result(
        name=entry.name,
        outcome=outcome,
        commit=commit,
        time=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        wall_s=time.monotonic() - began_s,
        load=(before, machine.load()),
        first=first,
    )
    save(result)
    return result


def _outcome(entry: Entry) -> tuple[Outcome, bool]:
    """What it returns, and whether it ran before other programs."""
    command = [sys.executable, "-m", "benchmarks", "--child", entry.name]
    child = subprocess.Popen(
        command,
        env=os.environ | ONE_THREAD,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # so that a time-out ends the programs that it started too
    )
    first = entry.by_clock and _put_first(child.pid)
    try:
        output, errors = child.communicate(timeout=entry.limit_s)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, 9)
        child.communicate()
        return Outcome(missing=f"not within {entry.limit_s:g} s"), first
    try:
        return msgspec.json.decode(output.rpartition(b"\n")[2], type=Outcome), first
    except msgspec.DecodeError:
        lines = errors.decode(errors="replace").strip().splitlines()
        return Outcome(missing=f"status {child.returncode}: {lines[-1] if lines else 'no output'}"), first


def _put_first(pid: int) -> bool:
    """What is measured by the clock runs before other programs, where root may say so: the rest of them do not count.

    It gets the lowest real-time priority, and with it the programs that it starts (sched(7)); False where it cannot.
    """
    with contextlib.suppress(OSError):
        os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(1))
        return True
    return False
