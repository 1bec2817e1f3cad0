"""Work on the disk with a deadline, so that a disk that hangs stops nobody.

    work() ──thread of its own──► its result, its exception, or TimeoutError after the deadline

A call into a dying card may never return, and no thread can be stopped from outside.  The thread is left behind, and
until it returns no second one is started.
"""

import errno
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class DiskThread:
    """Runs one piece of work at a time; one thread owns it."""

    def __init__(self, name: str, deadline_s: float) -> None:
        self._name, self._deadline_s = name, deadline_s
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], Result]) -> Result:
        """The result of ``work``.

        Raises:
            TimeoutError: it takes longer than the deadline, or the work before it still hangs.
            OSError: whatever ``work`` raised.
        """
        results: list[Result] = []
        faults: list[Exception] = []

        def attempt() -> None:
            try:
                results.append(work())
            except Exception as exc:  # noqa: BLE001 -- raised again in the calling thread
                faults.append(exc)

        if self._thread is None or not self._thread.is_alive():
            # A daemon thread: the program must be able to exit beside it.
            self._thread = threading.Thread(target=attempt, name=self._name, daemon=True)
            self._thread.start()
            self._thread.join(self._deadline_s)
        if results:
            return results[0]
        if faults:
            raise faults[0]
        raise TimeoutError(errno.ETIMEDOUT, "the disk does not answer")
