"""A flag that a signal handler may set: it has no lock.

A handler runs in the main thread between two of its steps.  ``threading.Event.set`` waits for the event's lock, which
the interrupted step may hold: the thread would wait for itself without end.  Here a set is one assignment.
"""

from typing import Protocol


class IsSet(Protocol):
    """A ``Flag``, or an event: whatever can be checked."""

    def is_set(self) -> bool:
        """Whether it was set."""


class Flag:
    """Checked between two steps, not waited for."""

    __slots__ = ("_set",)

    def __init__(self) -> None:
        self._set = False

    def is_set(self) -> bool:
        """Whether it was set, and not cleared since."""
        return self._set

    def set(self) -> None:
        """Set it; from any thread, and from a signal handler."""
        self._set = True

    def clear(self) -> None:
        """Set it back.  A signal that comes after this sets it again."""
        self._set = False
