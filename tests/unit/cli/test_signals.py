"""Signals in separate processes: what they set, and the deadline for a shutdown that hangs."""

import re
import signal
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
HEAD = """
import faulthandler, os, signal, sys, threading
from edged.cli.signals import asking, stopping
from edged.config.reload import Reload
"""
# Sends a signal before instruction n of a function, if it has so many; a thread that waits for itself ends with 1.
INTERRUPTED = """
def interrupted(name, n, number):
    faulthandler.dump_traceback_later(5, exit=True)
    count = iter(range(99))
    def trace(frame, event, _given):
        frame.f_trace_opcodes = True
        if frame.f_code.co_name == name and event == "opcode" and next(count) == n:
            os.kill(os.getpid(), number)
        return trace
    sys.settrace(trace)
    return lambda: (sys.settrace(None), next(count) > n)[1]

def ends(body):
    found = []
    while 9 not in found:
        child = os.fork()
        if not child:
            os._exit(body(len(found)))
        found.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    return found
"""


def run_in_process(body: str) -> "subprocess.CompletedProcess[str]":
    """Run ``body`` in a separate process; a hang is a failure."""
    return subprocess.run(
        [sys.executable, "-c", HEAD + body], check=False, capture_output=True, text=True, cwd=REPOSITORY, timeout=60
    )


def test_first_signal_sets_the_flag() -> None:
    """SIGTERM and SIGINT set the stop flag; the program continues until it checks."""
    for name in ("SIGTERM", "SIGINT"):
        done = run_in_process(f"with stopping(20) as stop: os.kill(os.getpid(), signal.{name}); print(stop.is_set())")
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
    """SIGHUP sets its flag each time and ends nothing."""
    body = (
        "asked = Reload(None, None).asked\n"
        "with asking(asked):\n"
        " for _ in range(2): os.kill(os.getpid(), signal.SIGHUP); print(asked.is_set()); asked.clear()"
    )
    done = run_in_process(body)
    assert (done.returncode, done.stdout) == (0, "True\nTrue\n")


def test_hangup_within_a_reload() -> None:
    """SIGHUP before any instruction of clearing the flag: nothing waits for itself."""
    body = (
        "def once(n):\n"
        " with asking(asked):\n"
        "  was_sent = interrupted('clear', n, signal.SIGHUP); asked.clear()\n"
        "  return 0 if was_sent() else 9\n"
        "asked = Reload(None, None).asked\n"
        "print(ends(once))"
    )
    done = run_in_process(INTERRUPTED + body)
    assert re.fullmatch(r"\[(0, )+9\]\n", done.stdout), done.stderr


def test_second_signal_within_the_first() -> None:
    """SIGTERM before any instruction of setting the flag: it counts as the first one, or ends the process."""
    body = (
        "def once(n):\n"
        " with stopping() as stop:\n"
        "  was_sent = interrupted('set', n, signal.SIGTERM); os.kill(os.getpid(), signal.SIGTERM)\n"
        "  return (0 if stop.is_set() else 8) if was_sent() else 9\n"
        "print(ends(once))"
    )
    done = run_in_process(INTERRUPTED + body)
    assert re.fullmatch(rf"\[((0|{128 + signal.SIGTERM}), )+9\]\n", done.stdout), done.stderr
