"""Calls in processes of their own, without TensorFlow.

    function, arguments ──an interpreter without TensorFlow, kept for the next call──► its result, or its error
    jobs ──as many as there are cores──► their results

``tflite-runtime`` cannot load a model in a process that has imported TensorFlow 2.21: both bring the same C++
symbols.  While models are being made, every ``.tflite`` file therefore runs here, as it will on a device.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from multiprocessing.util import Finalize
from typing import Any, ParamSpec, TypeVar

from tqdm import tqdm

from convert.tasks.job import Job
from convert.tasks.processes import Processes
from edged.host.process.interrupts import end_with_parent

Given = ParamSpec("Given")
Result = TypeVar("Result")


def apart(function: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
    """The result of ``function``, which must stand at the top of a module that does not import TensorFlow."""
    usable = False
    try:
        result, usable = _interpreter().submit(_called, function, arguments, named).result()
    finally:
        if (
            not usable
        ):  # killed, in an unknown state, or its function has imported TensorFlow: the next call gets a new process
            _interpreter().shutdown()
            _interpreter.cache_clear()
    return result


def all_apart(jobs: Sequence[Job], title: str) -> dict[str, Any]:
    """The results of ``jobs`` by name, over as many such processes as there are cores; a bar shows how many are done.

    Their functions must stand at the top of a module that does not import TensorFlow.
    """
    count = min(os.cpu_count() or 1, len(jobs))
    # A single job of Processes would run in this process.
    pairs = Processes(count).results(jobs) if count > 1 else ((job, apart(job.run)) for job in jobs)
    return {job.name: result for job, result in tqdm(pairs, title, len(jobs), leave=False, disable=None)}


def _called(
    function: Callable[..., Result], arguments: tuple[Any, ...], named: Mapping[str, Any]
) -> tuple[Result, bool]:
    """The result, and whether this process is still without TensorFlow."""
    return function(*arguments, **named), "tensorflow" not in sys.modules


@cache
def _interpreter() -> ProcessPoolExecutor:
    """One process: an interpreter needs seconds to start, and the stages call it hundreds of times."""
    pool = ProcessPoolExecutor(1, get_context("spawn"), end_with_parent)
    # A process that multiprocessing started joins its children before it closes its pools: without this it would wait
    # without end.
    Finalize(None, pool.shutdown, exitpriority=20)  # before the queues of the pool, which have 10
    return pool
