"""Ctrl-C is held back, and blocked in processes that are started meanwhile; processes end with their parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edged.host.process.interrupts import interrupts_held

_IS_BLOCKED = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"

_KILLED = """
import os, signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from edged.host.process.interrupts import end_with_parent, interrupts_held
with interrupts_held():
    print(ProcessPoolExecutor(1, get_context("spawn"), end_with_parent).submit(os.getpid).result(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
_PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def ctrl_c() -> Iterator[None]:
    """Ctrl-C as in a terminal, also where the tests run in the background of a script."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_interrupt_comes_at_the_end() -> None:
    """What is done within is done whole; afterwards Ctrl-C is what it was."""
    done = []

    def interrupted() -> None:
        with interrupts_held():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_processes_started_within_have_it_blocked() -> None:
    """Also the second time; a process that is started afterwards has not."""
    found = []
    for _ in range(2):
        with interrupts_held():
            found.append(subprocess.check_output([sys.executable, "-c", _IS_BLOCKED], text=True).strip())
    found.append(subprocess.check_output([sys.executable, "-c", _IS_BLOCKED], text=True).strip())
    assert found == ["True", "True", "False"]


def test_who_ignores_it_keeps_ignoring_it() -> None:
    """In the background of a script it stays ignored."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interrupts_held():
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_worker_of_a_killed_process_ends() -> None:
    """Else it would wait for its next job until the machine restarts."""
    killed = subprocess.run([sys.executable, "-c", _KILLED], stdout=subprocess.PIPE, text=True, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    until_s = time.monotonic() + _PATIENCE_S
    while runs(int(killed.stdout)) and time.monotonic() < until_s:
        time.sleep(0.05)
    assert not runs(int(killed.stdout))


def runs(process: int) -> bool:
    """Whether it is there, and not only waits for being reaped."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
