"""Memory of a process that runs for months: no garbage collection between two windows, and freed pages given back.

    start: everything is loaded ──settle──► collected, frozen, trimmed; the collector is off
    steady state ──collect_rarely, between two windows──► one after a minute, then one in six hours

Python frees memory by reference counts.  Its cyclic collector would scan all objects of numpy and the models again and
again, for a few cycles that exceptions and paho leave when a connection is lost; a collection in six hours is enough
for those.  glibc keeps freed pages of the start in its heap, and opens a heap of 64 MB of address space for each
thread.
"""

import contextlib
import ctypes
import gc
import time
from collections.abc import Callable
from typing import Self

FIRST_S, PERIOD_S = 60.0, 6 * 3600.0  # by then microphone and broker have usually been found
_M_ARENA_MAX = -8  # malloc.h
_ARENAS = 2


def limit_arenas() -> None:
    """Makes all threads share two heaps, if libc supports it; call it before threads are started."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


class Collector:
    """The collector is off inside ``with``, and collects rarely."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next_s = clock() + FIRST_S

    def __enter__(self) -> Self:
        """Frees what the start left, and excludes its remaining objects from later collections."""
        gc.collect()
        gc.freeze()
        gc.disable()
        _trim()
        return self

    def __exit__(self, *_fault: object) -> None:
        """Restores the normal collector."""
        gc.enable()
        gc.unfreeze()

    def collect_rarely(self) -> None:
        """Collects if it is time to; that takes some milliseconds."""
        if self._clock() >= self._next_s:
            self._next_s = self._clock() + PERIOD_S
            gc.collect()
            _trim()


def _trim() -> None:
    """Gives freed pages back to the system, where libc can."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
