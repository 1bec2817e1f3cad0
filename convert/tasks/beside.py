"""A call in a process beside this one, which goes on until it wants the result.

function, arguments ──a spawned process, one thread──► its result, when it is asked for
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from convert.tasks.processes import POLL_S, as_worker, bar_lock
from edged.errors import UsageError
from edged.host.process.interrupts import interrupts_held

Given = ParamSpec("Given")
Result = TypeVar("Result")


@contextmanager
def beside(
    function: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs
) -> Iterator[Callable[[], Result]]:
    """What waits for the result of ``function``, which must stand at the top of a module.

    An error of ``function`` is raised where the result is asked for.  Its process ends with the block.
    """
    others, line = set(multiprocessing.active_children()), (os.cpu_count() or 1) + 1  # below the lines of workers
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), as_worker, (line, bar_lock())) as pool:
        with interrupts_held():
            future = pool.submit(function, *arguments, **named)
        own = set(multiprocessing.active_children()) - others
        try:
            yield lambda: _waited(future, function.__name__)
        finally:
            if not future.done():
                for process in own:
                    process.terminate()


def _waited(future: "Future[Result]", name: str) -> Result:
    """The result; Ctrl-C ends the wait.

    Raises:
        UsageError: the process died.
    """
    while not future.done():
        with interrupts_held():
            wait([future], POLL_S)
    try:
        return future.result()
    except BrokenProcessPool as exc:
        raise UsageError(f"{name}: its process died, expected more memory, or --jobs 1") from exc
