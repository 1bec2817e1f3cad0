"""Signals to flags, which the pipeline checks between two reads.

SIGTERM, SIGINT ──► stop; a second signal exits at once, and so does the deadline, if there is one
SIGHUP ──► asked
"""

import faulthandler
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from edged.host.process.flag import Flag


class Stop(Flag):
    """Set by a signal, which has this name then."""

    signal_name = ""


@contextmanager
def stopping(within_s: float | None = None) -> Iterator[Stop]:
    """A flag that SIGTERM and SIGINT set; a second signal exits at once.

    With ``within_s`` the process exits that long after the first signal, even if something hangs, and prints where each
    thread is.  The shutdown of the interpreter counts too.
    """
    stop = Stop()

    def on_signal(number: int, _frame: object) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.signal_name = signal.Signals(number).name
        stop.set()
        if within_s is not None:
            faulthandler.dump_traceback_later(
                within_s, exit=True
            )  # its thread is in C, so a hung lock does not block it

    with _handlers(on_signal, signal.SIGTERM, signal.SIGINT):
        yield stop


@contextmanager
def asking(asked: Flag) -> Iterator[None]:
    """SIGHUP sets ``asked``."""
    with _handlers(lambda _number, _frame: asked.set(), signal.SIGHUP):
        yield


@contextmanager
def _handlers(handler: Callable[[int, object], None], *numbers: signal.Signals) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
