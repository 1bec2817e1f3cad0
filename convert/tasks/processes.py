"""Jobs over processes of this machine.

    jobs ──spawned processes, one thread each──► results

A process that dies breaks the whole pool: what has no result then runs again, in a new pool.
"""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partialmethod
from typing import Any

from tqdm import tqdm

from convert.tasks.job import Job, Result
from edged.errors import UsageError
from edged.host.process.interrupts import children_ended, end_with_parent, interrupts_held

POLL_S = 0.2  # how long Ctrl-C may have to wait
N_TRIES = 3  # of a pool in which no job was done
_BAR_S = 1.0  # how long a bar waits for another: writing one takes a millisecond
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


class Processes:
    """So many at once; with one, jobs run in this process."""

    def __init__(self, count: int) -> None:
        self._count = count

    def results(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Result]]:
        """See ``Workers``."""
        if self._count == 1 or len(jobs) <= 1:
            yield from ((job, job.run()) for job in jobs)
            return
        left, tries = list(jobs), 0
        while left:
            try:
                for job, result in self._once(list(left)):
                    left.remove(job)
                    tries = 0
                    yield job, result
            except BrokenProcessPool as exc:
                tries += 1
                if tries == N_TRIES:
                    raise UsageError(
                        f"{left[0].name}: a process died {N_TRIES} times in a row, expected more memory or fewer --jobs"
                    ) from exc

    def _once(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Result]]:
        # Spawned: a fork would take TensorFlow's threads along.
        context = multiprocessing.get_context("spawn")
        given = context.Value("i", 0), bar_lock()
        with ProcessPoolExecutor(min(self._count, len(jobs)), context, _begin, given) as pool:
            try:
                with children_ended():  # a result is written whole or not at all
                    with interrupts_held():
                        by_future = {pool.submit(job.run): job for job in jobs}
                    waiting = set(by_future)
                    while waiting:
                        with interrupts_held():
                            ready, waiting = wait(waiting, POLL_S, FIRST_COMPLETED)
                        for future in ready:
                            yield by_future[future], future.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


HERE = Processes(1)  # in this process, one after the other


class BarLock:
    """tqdm's lock for the bars of all processes: each moves to its line, writes and returns, which is no single write.

    A process that died with it costs each of the others one moment; their bars may then meet on a line.
    """

    def __init__(self) -> None:
        self._lock, self._wait_s = multiprocessing.get_context("spawn").RLock(), _BAR_S

    def __enter__(self) -> bool:
        """Whether it was free in time."""
        free = self._lock.acquire(timeout=self._wait_s)
        self._wait_s = self._wait_s if free else 0.0
        return free

    def __exit__(self, *_exc: object) -> None:
        with suppress(AssertionError):  # it was not free
            self._lock.release()

    acquire, release = __enter__, __exit__  # what tqdm calls


def bar_lock() -> BarLock:
    """The lock that this process has tqdm use, and that the processes which it starts are given."""
    lock = tqdm.get_lock()
    if not isinstance(lock, BarLock):
        lock = BarLock()
        tqdm.set_lock(lock)
    return lock


def _begin(begun: Any, lock: BarLock) -> None:  # noqa: ANN401 - a shared number, whose type multiprocessing does not name
    """In a new worker, of which so many have ``begun``."""
    with begun.get_lock():
        begun.value += 1
        as_worker(begun.value, lock)


def as_worker(line: int, lock: BarLock) -> None:
    """In a new process: ends with its parent, shares the cores, and has its bars ``line`` lines below on a terminal."""
    end_with_parent()
    one_thread()
    tqdm.set_lock(lock)
    if sys.stderr.isatty():
        setattr(tqdm, "__init__", partialmethod(tqdm.__init__, position=line))  # noqa: B010 - mypy knows the method


def one_thread() -> None:
    """Workers share the cores: each keeps its libraries to one thread."""
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
