"""Signals to events, which the pipeline looks at between two reads.

SIGTERM, SIGINT ──► stop (a second one ends the process at once; so does a deadline, where one is given)
SIGHUP ──► asked
"""

import faulthandler
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stopping(within_s: float | None = None) -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set; a second signal ends the process at once.

    With ``within_s`` the process ends so long after the first one in any case, the interpreter's own end counted in,
    and shows where each thread hangs.
    """
    stop = threading.Event()

    def on_signal(number: int, _frame: object) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()
        if within_s is not None:
            faulthandler.dump_traceback_later(within_s, exit=True)  # a thread in C, which no hung lock holds up

    with _handling(on_signal, signal.SIGTERM, signal.SIGINT):
        yield stop


@contextmanager
def asking(asked: threading.Event) -> Iterator[None]:
    """``asked`` is set by SIGHUP."""
    with _handling(lambda _number, _frame: asked.set(), signal.SIGHUP):
        yield


@contextmanager
def _handling(handler: Callable[[int, object], None], *numbers: signal.Signals) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
