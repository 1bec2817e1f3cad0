"""Ctrl-C is held back, and blocked in processes that are started meanwhile."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from edged.host.process.interrupts import interrupts_held

_IS_BLOCKED = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"


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
