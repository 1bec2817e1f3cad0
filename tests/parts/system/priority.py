"""Processor time for what runs in real time: a daemon under test, a sound server, what records from it.

A device has its processor to itself.  Here the workers of pytest-xdist and whatever else the machine does would decide
whether a shutdown takes longer than its deadline, and whether a sound server has gaps.
"""

import os
from contextlib import suppress


def give_priority(pid: int) -> None:
    """Let a process, and what it starts from now on, go before the rest of the tests; only root may do that."""
    with suppress(PermissionError, ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, pid, -10)
