"""Signals, in processes of their own: what they set, and that an end that hangs has an end."""

import signal
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
HEAD = """
import os, signal, threading
from edged.cli.signals import asking, stopping
"""


def ran(body: str) -> "subprocess.CompletedProcess[str]":
    """``body`` in a process of its own; one that hangs is a failure."""
    return subprocess.run(
        [sys.executable, "-c", HEAD + body], check=False, capture_output=True, text=True, cwd=REPOSITORY, timeout=60
    )


def test_first_signal_sets_the_event() -> None:
    """SIGTERM and SIGINT ask to stop; what runs goes on until it looks."""
    for name in ("SIGTERM", "SIGINT"):
        done = ran(f"with stopping(20) as stop: os.kill(os.getpid(), signal.{name}); print(stop.wait(9))")
        assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_second_signal_ends_at_once() -> None:
    """Who asks twice does not want to wait."""
    body = "with stopping():\n for _ in range(2): os.kill(os.getpid(), signal.SIGTERM)\n threading.Event().wait(20)"
    done = ran(body)
    assert done.returncode == 128 + signal.SIGTERM


def test_end_that_hangs_has_a_deadline() -> None:
    """A thread that waits for ever: the process ends nevertheless, and its stack says where it hung."""
    body = (
        "def hung():\n os.kill(os.getpid(), signal.SIGTERM)\n lock = threading.Lock(); lock.acquire(); lock.acquire()\n"
        "with stopping(0.2): hung()"
    )
    done = ran(body)
    assert done.returncode == 1
    assert "in hung" in done.stderr


def test_thread_that_outlives_the_end_has_the_same_deadline() -> None:
    """The interpreter waits for its threads at exit; the deadline holds there too."""
    body = (
        "with stopping(0.2): os.kill(os.getpid(), signal.SIGTERM)\n"
        "threading.Thread(target=threading.Event().wait).start()"
    )
    assert ran(body).returncode == 1


def test_hangup_asks() -> None:
    """SIGHUP sets the event it is given, as often as it comes, and ends nothing."""
    body = (
        "asked = threading.Event()\n"
        "with asking(asked):\n"
        " for _ in range(2): os.kill(os.getpid(), signal.SIGHUP); print(asked.wait(9)); asked.clear()"
    )
    done = ran(body)
    assert (done.returncode, done.stdout) == (0, "True\nTrue\n")
