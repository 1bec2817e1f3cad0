"""A thread that dies ends the program, with a status that makes systemd start it again.

an exception that no thread caught ──► its stack in the log ──► end_with(ThreadError)
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from edged.errors import EdgedError, ThreadError


@contextmanager
def all_alive(end_with: Callable[[EdgedError], None]) -> Iterator[None]:
    """Call ``end_with`` if any thread dies, paho's included; else the program would look healthy and do nothing."""
    before = threading.excepthook

    def on_death(death: threading.ExceptHookArgs) -> None:
        before(death)  # its stack, for the log
        name = death.thread.name if death.thread else "without a name"
        end_with(ThreadError(f"thread {name} died ({death.exc_value!r}), restart needed"))

    threading.excepthook = on_death
    try:
        yield
    finally:
        threading.excepthook = before
