"""Holds Ctrl-C back while a pool of processes starts workers or waits for them, and then ends the workers.

A terminal sends Ctrl-C to all processes of a command.  A worker that takes it while it waits for a job ends with the
lock of the queue, and the others wait for that lock forever; in the parent it would leave locks of its futures taken.
Workers that are started within have it blocked for good: the parent ends them.
"""

import multiprocessing
import signal
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
