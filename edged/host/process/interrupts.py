"""Processes of a pool end with the one that started them: after Ctrl-C, and after its death.

A terminal sends Ctrl-C to all processes of a command.  A worker that takes it while it waits for a job ends with the
lock of the queue, and the others wait for that lock forever; in the parent it would leave locks of its futures taken.
Workers that are started within have it blocked for good: the parent ends them.  A parent that is killed cannot: its
workers watch it themselves, since they would wait for a job forever.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Holds Ctrl-C back until the end, for good in the processes that are started within.

    Raises:
        KeyboardInterrupt: at the end, if Ctrl-C came meanwhile.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # in the background of a script, which Ctrl-C is not for
        yield
        return
    interrupted: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _frame: interrupted.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGINT, handler)
    if interrupted:
        raise KeyboardInterrupt


def end_with_parent() -> None:
    """In a process that multiprocessing started: ends it once the one that started it has ended, in whatever way."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)  # from a thread; nobody is left to whom a result could go

    threading.Thread(target=wait, name="parent", daemon=True).start()


@contextmanager
def children_ended() -> Iterator[None]:
    """Ctrl-C, or the end of a generator, terminates the processes that were started within, and no others."""
    others = set(multiprocessing.active_children())
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit):
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
