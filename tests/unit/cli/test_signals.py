"""Signals in separate processes: what they set, and the deadline for a shutdown that hangs."""

import signal
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
HEAD = """
import os, signal, threading
from edged.cli.signals import asking, stopping
"""


def run_in_process(body: str) -> "subprocess.CompletedProcess[str]":
    """Run ``body`` in a separate process; a hang is a failure."""
    return subprocess.run(
        [sys.executable, "-c", HEAD + body], check=False, capture_output=True, text=True, cwd=REPOSITORY, timeout=60
    )


def test_first_signal_sets_the_event() -> None:
    """SIGTERM and SIGINT set the stop event; the program continues until it checks."""
    for name in ("SIGTERM", "SIGINT"):
        done = run_in_process(f"with stopping(20) as stop: os.kill(os.getpid(), signal.{name}); print(stop.wait(9))")
        assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_second_signal_ends_at_once() -> None:
    """A second signal ends the process immediately."""
    body = "with stopping():\n for _ in range(2): os.kill(os.getpid(), signal.SIGTERM)\n threading.Event().wait(20)"
    done = run_in_process(body)
    assert done.returncode == 128 + signal.SIGTERM


def test_end_that_hangs_has_a_deadline() -> None:
    """A thread that waits forever: the process still ends, with its stack in the log."""
    body = (
        "def hung():\n os.kill(os.getpid(), signal.SIGTERM)\n lock = threading.Lock(); lock.acquire(); lock.acquire()\n"
        "with stopping(0.2): hung()"
    )
    done = run_in_process(body)
    assert done.returncode == 1
    assert "in hung" in done.stderr


def test_thread_that_outlives_the_end_has_the_same_deadline() -> None:
    """The deadline also covers the interpreter's wait for threads at exit."""
    body = (
        "with stopping(0.2): os.kill(os.getpid(), signal.SIGTERM)\n"
        "threading.Thread(target=threading.Event().wait).start()"
    )
    assert run_in_process(body).returncode == 1


def test_hangup_asks() -> None:
    """SIGHUP sets its event each time and ends nothing."""
    body = (
        "asked = threading.Event()\n"
        "with asking(asked):\n"
        " for _ in range(2): os.kill(os.getpid(), signal.SIGHUP); print(asked.wait(9)); asked.clear()"
    )
    done = run_in_process(body)
    assert (done.returncode, done.stdout) == (0, "True\nTrue\n")
