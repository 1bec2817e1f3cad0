"""Calls in processes of their own, without TensorFlow.

    function, arguments ──an interpreter without TensorFlow, kept for the next call──► its result, or its error
    many calls ──as many as there are cores──► their results

``tflite-runtime`` cannot load a model in a process that has imported TensorFlow 2.21: both bring the same C++
symbols.  While models are being made, every ``.tflite`` file therefore runs here, as it will on a device.
"""

import os
import sys
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ProcessPoolExecutor, wait
from functools import cache
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from typing import Any, ParamSpec, TypeVar

from tqdm import tqdm

from convert.tasks.job import Job
from convert.tasks.processes import POLL_S, Processes
from edged.host.process.interrupts import end_with_parent, interrupts_held

Given = ParamSpec("Given")
Result = TypeVar("Result")
Key = TypeVar("Key", bound=Hashable)


def apart(function: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
    """The result of ``function``, which must stand at the top of a module that does not import TensorFlow."""
    pool, process = _interpreter()
    usable = False
    try:
        future = pool.submit(_called, function, arguments, named)
        while not future.done():
            with interrupts_held():
                wait([future], POLL_S)
        result, usable = future.result()
    except KeyboardInterrupt:
        process.terminate()  # its function may take minutes
        raise
    finally:
        if not usable:  # killed, in an unknown state, or its function has imported TensorFlow: the next gets another
            pool.shutdown()
            _interpreter.cache_clear()
    return result


def each_apart(function: Callable[..., Result], calls: Mapping[Key, tuple[Any, ...]], title: str) -> dict[Key, Result]:
    """The results of ``function`` for the arguments of each of ``calls``, in as many such processes as there are cores.

    A bar shows how many are done.
    """
    jobs = {f"{title} {number}": key for number, key in enumerate(calls)}
    called = [Job(name, _one, (function, calls[key])) for name, key in jobs.items()]
    count = min(os.cpu_count() or 1, len(called))
    # A single job of Processes would run in this process.
    pairs = Processes(count).results(called) if count > 1 else ((job, apart(job.run)) for job in called)
    done = tqdm(pairs, title, len(called), leave=False, disable=None)
    found = {jobs[job.name]: result["of"] for job, result in done}
    return {key: found[key] for key in calls}


def _one(function: Callable[..., Any], arguments: tuple[Any, ...]) -> dict[str, Any]:
    return {"of": function(*arguments)}


def _called(
    function: Callable[..., Result], arguments: tuple[Any, ...], named: Mapping[str, Any]
) -> tuple[Result, bool]:
    """The result, and whether this process is still without TensorFlow."""
    return function(*arguments, **named), "tensorflow" not in sys.modules


@cache
def _interpreter() -> tuple[ProcessPoolExecutor, BaseProcess]:
    """One process: an interpreter needs seconds to start, and the stages call it hundreds of times."""
    pool, others = ProcessPoolExecutor(1, get_context("spawn"), end_with_parent), set(active_children())
    with interrupts_held():  # Ctrl-C is for the parent: a process that takes it prints where it was
        pool.submit(os.getpid)
    (process,) = set(active_children()) - others
    # A process that multiprocessing started joins its children before it closes its pools: without this it would wait
    # without end.
    Finalize(None, pool.shutdown, exitpriority=20)  # before the queues of the pool, which have 10
    return pool, process
